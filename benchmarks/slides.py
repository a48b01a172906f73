"""Tiles of large slides: this project's reader beside others, as ratios of one interleaved run.

    python benchmarks/slides.py /tmp/slides                 # writes the slides if need be; ~20 min
    python benchmarks/slides.py /tmp/slides --only loader --repeats 3

Tiles are those of the tissue, 256 pixels at 20x, from slides in the page cache, in one thread if
nothing else is said. OpenSlide is read as published code reads it: `read_region`, `convert("RGB")`,
array; where the resolution differs, resized by Pillow's box filter. cuCIM is run where it is
installed (`pip install cucim-cu12`). The limit decodes the same JPEG tiles with libjpeg-turbo, once
each, and does nothing else. Each ratio is the median over repeats of the ratio within a repeat.
"""

import argparse
import multiprocessing
import os
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import openslide
import torch
from PIL import Image
from slide_files import write_both
from torch.utils.data import DataLoader, Dataset, get_worker_info

from fusion.data.entry import Entry
from fusion.data.prepare.embedding import embed
from fusion.data.prepare.patch_encoders.texture import Texture
from fusion.data.prepare.tile_batches import tile_batches
from fusion.data.prepare.tiling import Tiling
from fusion.data.prepare.tissue import tissue_of
from fusion.data.readers.direct import Direct
from fusion.data.readers.slide import SlideFile

Read = Callable[[int, int], np.ndarray]
"""Left and top in level-0 pixels -> the tile."""

MPP, TILE = 0.5, 256


@dataclass(frozen=True)
class Case:
    """Which tiles of which slide: `side` level-0 pixels become `out`."""

    name: str
    path: Path
    side: int
    out: int
    corners: Sequence[tuple[int, int]]


def ours(case: Case, half: bool = False) -> tuple[Read, Callable[[], None]]:
    slide = SlideFile.open(case.path, half_size_decode=half)
    assert isinstance(slide.pixels, Direct)
    return lambda x, y: slide.read(x, y, case.side, case.out), slide.close


def halved(case: Case) -> tuple[Read, Callable[[], None]]:
    return ours(case, half=True)


def theirs(case: Case) -> tuple[Read, Callable[[], None]]:
    slide = openslide.OpenSlide(case.path)

    def read(x: int, y: int) -> np.ndarray:
        image = slide.read_region((x, y), 0, (case.side, case.side)).convert("RGB")
        if case.side != case.out:
            image = image.resize((case.out, case.out), Image.Resampling.BOX)
        return np.array(image)

    return read, slide.close


def cucim(case: Case) -> tuple[Read, Callable[[], None]]:
    from cucim import CuImage

    slide = CuImage(str(case.path))

    def read(x: int, y: int) -> np.ndarray:
        found = np.asarray(slide.read_region((x, y), (case.side, case.side), 0))
        if case.side != case.out:
            found = np.asarray(Image.fromarray(found).reduce(case.side // case.out))
        return found

    return read, slide.close


def limit(case: Case) -> tuple[Read, Callable[[], None]]:
    """Decodes what a tile needs and nobody decoded before."""
    slide = SlideFile.open(case.path)
    pixels = slide.pixels
    assert isinstance(pixels, Direct)
    level, seen = pixels.levels[0], set()

    def read(x: int, y: int) -> np.ndarray:
        found = np.empty(0)
        rows = range(y // level.tile_height, -(-(y + case.side) // level.tile_height))
        columns = range(x // level.tile_width, -(-(x + case.side) // level.tile_width))
        for row in rows:
            for column in columns:
                if (row, column) not in seen:
                    seen.add((row, column))
                    found = level.decode(pixels.content, row, column)
        return found

    return read, slide.close


READERS: dict[str, Callable[[Case], tuple[Read, Callable[[], None]]]] = {
    "openslide": theirs,
    "ours": ours,
    "cucim": cucim,
    "limit": limit,
    "ours, half-size": halved,
}


def rate(reader: str, case: Case) -> float:
    """Tiles per second, the slide being opened anew."""
    read, close = READERS[reader](case)
    for x, y in case.corners[:20]:  # a new process pays for its first tiles
        read(x, y)
    close()
    read, close = READERS[reader](case)
    start = time.perf_counter()
    for x, y in case.corners:
        read(x, y)
    took = time.perf_counter() - start
    close()
    return len(case.corners) / took


def rate_of_two(reader: str, case: Case) -> float:
    """The same by two processes, each on half of the tiles."""
    half = len(case.corners) // 2
    parts = [
        Case(case.name, case.path, case.side, case.out, some)
        for some in (case.corners[:half], case.corners[half:])
    ]
    context = multiprocessing.get_context("fork")
    with context.Pool(2) as pool:
        return sum(pool.starmap(rate, [(reader, part) for part in parts]))


def measure(
    case: Case, readers: Sequence[str], repeats: int, how: Callable[[str, Case], float]
) -> dict[str, np.ndarray]:
    rates: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(repeats):
        for name in readers:
            rates[name].append(how(name, case))
    return {name: np.array(values) for name, values in rates.items()}


def show(title: str, rates: dict[str, np.ndarray], base: str, goals: dict[str, float]) -> bool:
    """A line per reader; whether a goal was missed."""
    print(f"\n{title}")
    missed = False
    for name, values in rates.items():
        ratio = float(np.median(values / rates[base]))
        goal = goals.get(name)
        fails = goal is not None and ratio < goal
        missed |= fails
        asked = "" if goal is None else f"  goal {goal:g}x{'  MISSED' if fails else ''}"
        print(f"  {name:28} {np.median(values):8.0f} /s {ratio:7.2f}x{asked}", flush=True)
    if "ours" in rates:
        for other, goal in (("cucim", None), ("limit", 0.75)):
            if other in rates:
                ratio = float(np.median(rates["ours"] / rates[other]))
                asked = "" if goal is None else f"; goal {goal:g}"
                print(f"  ours / {other}: {ratio:.2f}{asked}")
    return missed


def tissue_corners(path: Path, side: int, many: int) -> list[tuple[int, int]]:
    """The tiles of the tissue, in their order: `many` from the middle of the slide on."""
    with SlideFile.open(path) as slide:
        tiling = Tiling(tile_px=TILE, mpp=MPP, stride_px=TILE, min_tissue=1.0)
        tiles = tiling.place(slide, tissue_of(slide).mask)
    corners = [(int(x), int(y)) for x, y in tiles.corner_px]
    edge = slide.dimensions[0] - 2 * side  # beyond the slide readers differ: white, or black
    corners = [(x, y) for x, y in corners if max(x, y) < edge]
    assert round(tiles.side_px) == side
    start = len(corners) // 2
    return corners[start : start + many]


def cases(a: Path, b: Path, many: int) -> Iterator[tuple[Case, dict[str, float]]]:
    aligned = tissue_corners(a, TILE, many)
    off = [(x + 100, y + 100) for x, y in aligned]
    order = np.random.default_rng(0).permutation(len(off))
    wide = [(x, y) for x, y in aligned if x % 512 == 0 and y % 512 == 0]
    yield Case("A, 256 at 20x, on the grid", a, TILE, TILE, aligned), {"ours": 5.5}
    yield Case("A, 256 at 20x, off the grid", a, TILE, TILE, off), {"ours": 5.5}
    yield Case("A, 256 at random", a, TILE, TILE, [off[i] for i in order]), {"ours": 5.5}
    yield Case("A, 512 at 20x, on the grid", a, 512, 512, wide), {}
    halves = {"ours": 5.0, "ours, half-size": 9.0}
    yield Case("B, 256 from 40x to 20x", b, 512, TILE, tissue_corners(b, 512, many)), halves


def alike(case: Case) -> None:
    """How far pixels are from OpenSlide's."""
    reads = {name: READERS[name](case)[0] for name in ("openslide", "ours")}
    apart = {"ours": [], "half-size": []}
    some = case.corners[:: max(1, len(case.corners) // 40)]
    half = ours(case, half=True)[0] if case.side != case.out else None
    for x, y in some:
        truth = reads["openslide"](x, y).astype(int)
        apart["ours"].append(np.abs(reads["ours"](x, y) - truth))
        if half is not None:
            apart["half-size"].append(np.abs(half(x, y) - truth))
    for name, values in apart.items():
        if values:
            found = np.stack(values)
            print(f"  {name}: pixels differ from OpenSlide's by {found.mean():.3f} grey levels in "
                  f"the mean, {found.max()} at most, on {len(some)} tiles")  # fmt: skip


class PeerTiles(Dataset):
    """As published code loads: each worker opens the slide, each tile becomes normalised floats."""

    mean, sd = (
        torch.tensor(v).view(3, 1, 1) for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    )

    def __init__(self, case: Case) -> None:
        self.case, self.slides = case, {}

    def __len__(self) -> int:
        return len(self.case.corners)

    def __getitem__(self, i: int) -> torch.Tensor:
        info = get_worker_info()
        key = -1 if info is None else info.id
        if key not in self.slides:
            self.slides[key] = openslide.OpenSlide(self.case.path)
        side, out = self.case.side, self.case.out
        image = self.slides[key].read_region(self.case.corners[i], 0, (side, side)).convert("RGB")
        image = image.resize((out, out), Image.Resampling.BICUBIC)
        pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1).float().div(255)
        return (pixels - self.mean) / self.sd


def load_theirs(_: str, case: Case) -> float:
    start = time.perf_counter()
    for _batch in DataLoader(PeerTiles(case), batch_size=64, num_workers=2):
        pass
    return len(case.corners) / (time.perf_counter() - start)


def load_ours(name: str, case: Case) -> float:
    start = time.perf_counter()
    with SlideFile.open(case.path, half_size_decode="half" in name) as slide:
        corners = np.array(case.corners)
        for _batch in tile_batches(slide, corners, case.side, case.out, threads=2):
            pass
    return len(case.corners) / (time.perf_counter() - start)


def load(name: str, case: Case) -> float:
    return load_theirs(name, case) if name == "openslide" else load_ours(name, case)


def end_to_end(path: Path, tiles: int) -> None:
    """The default encoder on a part of a slide: speed, what bounds it, peak of memory."""
    tiling = Tiling(tile_px=TILE, mpp=MPP, stride_px=TILE, min_tissue=0.5, max_tiles=tiles)
    encoder, spent = Texture(tile_px=TILE, mpp=MPP), {"encoding": 0.0}

    class Timed:
        name, mpp, tile_px, dim = encoder.name, encoder.mpp, encoder.tile_px, encoder.dim

        def __call__(self, batch: np.ndarray) -> np.ndarray:
            start = time.perf_counter()
            found = encoder(batch)
            spent["encoding"] += time.perf_counter() - start
            return found

    entry = Entry("p", "c", "wsi", path, 2)
    start = time.perf_counter()
    arrays, _ = embed(entry, tiling, [Timed()], lambda done, total: None)
    took = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    count = len(arrays["features"])
    share = spent["encoding"] / took
    print(f"  {path.name}: {count / took:.0f} tiles/s, {share:.0%} of the time in the encoder,")
    print(f"  peak {peak:.0f} MiB of the process")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="of the slides; written there if absent")
    parser.add_argument("--side", type=int, default=40_000, help="of the slides in pixels")
    parser.add_argument("--tiles", type=int, default=600, help="read in each turn")
    parser.add_argument("--repeats", type=int, default=7, help="turns of each reader")
    parser.add_argument("--only", choices=("reading", "loader", "whole"), help="one part")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    a, b = write_both(chosen.folder, chosen.side)
    missed = False
    try:
        import cucim  # noqa: F401

        peers = ["cucim"]
    except ImportError:
        print("cuCIM is not installed: pip install cucim-cu12")
        peers = []
    if chosen.only in (None, "reading"):
        for case, goals in cases(a, b, chosen.tiles):
            readers = ["openslide", "ours", *peers, "limit"]
            readers += ["ours, half-size"] if case.side != case.out else []
            for title, how in (("", rate), (", two processes", rate_of_two)):
                if how is rate_of_two and "random" in case.name:
                    continue
                rates = measure(case, readers, chosen.repeats, how)
                missed |= show(case.name + title, rates, "openslide", goals)
            alike(case)
    if chosen.only in (None, "loader"):
        case = Case("loader", b, 512, TILE, tissue_corners(b, 512, 4 * chosen.tiles))
        rates = measure(case, ["openslide", "ours", "ours, half-size"], chosen.repeats, load)
        goals = {"ours": 5.5, "ours, half-size": 9.0}
        missed |= show("B, batches of 64 by two workers", rates, "openslide", goals)
    if chosen.only in (None, "whole"):
        print("\nfrom a closed slide to features, default encoder, one slide at a time")
        for path in (a, b):
            end_to_end(path, 2 * chosen.tiles)
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(main())
