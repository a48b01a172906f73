"""Memory and time of a slide of 100,000 x 100,000 pixels, from the closed file to features.

python benchmarks/large_slide.py /tmp/slides      # writes 1.6 GB first, in some minutes
"""

import argparse
import resource
import time
from pathlib import Path

from slide_files import write

from fusion.data.entry import Entry
from fusion.data.prepare.embedding import embed
from fusion.data.prepare.patch_encoders.texture import Texture
from fusion.data.prepare.tiling import Tiling
from fusion.data.prepare.tissue import tissue_of
from fusion.data.readers.slide import SlideFile

MOST = 2048
"""MiB that the process may take."""


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="of the slide; written there if absent")
    parser.add_argument("--side", type=int, default=100_000, help="of the slide in pixels")
    parser.add_argument("--tiles", type=int, default=3000, help="drawn from it")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    path = chosen.folder / f"large_{chosen.side}.tif"
    if not path.exists():
        downs = [2**k for k in range(9)]
        write(path, side=chosen.side, tile=256, downs=downs, mpp=0.25, about="")
        print("written; start it again, so that writing has no part in the peak")
        return 0
    print(f"peak with the libraries alone {peak()} MiB")
    tiling = Tiling(tile_px=256, mpp=0.5, stride_px=256, min_tissue=0.5, max_tiles=chosen.tiles)
    start = time.perf_counter()
    with SlideFile.open(path) as slide:
        found = tiling.place(slide, tissue_of(slide).mask)
    print(
        f"tissue, and {found.with_tissue:,} tiles: {time.perf_counter() - start:.1f} s, peak "
        f"{peak()} MiB"
    )
    start = time.perf_counter()
    entry = Entry("p", "c", "wsi", path, 2)
    arrays, _ = embed(entry, tiling, [Texture(tile_px=256, mpp=0.5)], lambda done, total: None)
    took = time.perf_counter() - start
    print(f"{len(arrays['features']):,} tiles embedded: {took:.0f} s, peak {peak()} MiB of {MOST}")
    return int(peak() > MOST)


if __name__ == "__main__":
    raise SystemExit(main())
