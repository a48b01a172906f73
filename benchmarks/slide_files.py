"""Large slides to read, written tile by tile: a few minutes, little memory, no patient.

    python benchmarks/slide_files.py /tmp/slides               # A.tif and B.svs, 40,000 pixels wide
    python benchmarks/slide_files.py /tmp/slides --side 8000

`A.tif` is a generic pyramid: tiles of 256 pixels, each level half of the one before, 20x. `B.svs`
is laid out as Aperio's: tiles of 240 pixels, levels at 1, 1/4 and 1/16, 40x. Both are JPEG 4:2:0
at quality 80. 41 % is tissue, at 0.21 bytes per pixel, as slides of TCGA are; the texture repeats
after eight tiles, which no reader knows, and is blurred by 0.6 microns, as by a lens. Levels agree
with each other up to the last rounding.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import simplejpeg
import tifffile
from PIL import Image
from scipy.ndimage import gaussian_filter, zoom

QUALITY = 80
TISSUE, BYTES_PER_PIXEL = 0.41, 0.21
CELL = 64
"""Side of the squares, in level-0 pixels, of which tissue is made."""

GLASS = 243


def texture(side: int, noise: float, blur: float, seed: int) -> np.ndarray:
    """A square of stained tissue that fits to itself on all sides."""
    rng = np.random.default_rng(seed)
    stroma = gaussian_filter(rng.standard_normal((side, side)), 12, mode="wrap") * 12
    spots = gaussian_filter((rng.random((side, side)) < 1 / 900).astype(float), 4, mode="wrap")
    nuclei = np.clip(spots * 130, 0, 1)
    coloured = 0.2 * rng.standard_normal((side, side, 3)) + rng.standard_normal((side, side, 1))
    grain = gaussian_filter(coloured, (blur, blur, 0), mode="wrap")
    grain *= noise * 2 * np.sqrt(np.pi) * blur
    base = np.array([214.0, 150.0, 196.0]) + stroma[..., None] * np.array([14.0, 26.0, 14.0])
    stained = base * (1 - nuclei[..., None]) + np.array([88.0, 62.0, 138.0]) * nuclei[..., None]
    return np.clip(stained + grain, 0, 255).astype(np.uint8)


def encoded(tile: np.ndarray) -> bytes:
    return simplejpeg.encode_jpeg(
        np.ascontiguousarray(tile), quality=QUALITY, colorsubsampling="420", fastdct=False
    )


def calibrated(tile: int, blur: float, seed: int) -> np.ndarray:
    """The texture whose tiles are as large as those of real slides."""
    side, low, high = 8 * tile, 0.0, 60.0
    for _ in range(12):
        noise = (low + high) / 2
        found = texture(side, noise, blur, seed)
        size = len(encoded(found[: 2 * tile, : 2 * tile])) / (2 * tile) ** 2
        low, high = (noise, high) if size < BYTES_PER_PIXEL else (low, noise)
    return found


def tissue(side: int, seed: int) -> np.ndarray:
    """Which cells are tissue: a few pieces with smooth borders."""
    cells = -(-side // CELL)
    coarse = gaussian_filter(np.random.default_rng(seed).standard_normal((48, 48)), 5)
    field = zoom(coarse, cells / 48, order=1)[:cells, :cells]
    field = np.pad(field, (0, cells - len(field)), mode="edge") if len(field) < cells else field
    return field > np.quantile(field, 1 - TISSUE)


def tiles(
    pattern: np.ndarray, mask: np.ndarray, side: int, tile: int, down: int
) -> Iterator[bytes]:
    """The encoded tiles of one level, row by row."""
    small = np.asarray(Image.fromarray(pattern).reduce(down)) if down > 1 else pattern
    period, count = len(small), -(-(side // down) // tile)
    known: dict[tuple[int, int], bytes] = {}
    for row in range(count):
        for column in range(count):
            y, x = (np.arange(i * tile, (i + 1) * tile) for i in (row, column))
            rows, columns = (np.minimum(v * down // CELL, len(mask) - 1) for v in (y, x))
            inside = mask[np.ix_(rows, columns)]
            phase = (row * tile % period, column * tile % period)
            if inside.any() and not inside.all():
                piece = small[np.ix_(y % period, x % period)]
                yield encoded(np.where(inside[..., None], piece, np.uint8(GLASS)))
                continue
            if not inside.any():
                phase = (-1, -1)
            if phase not in known:
                piece = small[np.ix_(y % period, x % period)]
                known[phase] = encoded(piece if inside.any() else np.full_like(piece, GLASS))
            yield known[phase]


def write(path: Path, *, side: int, tile: int, downs: list[int], mpp: float, about: str) -> None:
    pattern, mask = calibrated(tile, 0.6 / mpp, 1), tissue(side, 2)
    with tifffile.TiffWriter(path, bigtiff=True) as file:
        for down in downs:
            shape = (side // down, side // down, 3)
            file.write(
                tiles(pattern, mask, side, tile, down),
                shape=shape,
                dtype=np.uint8,
                photometric="ycbcr",
                subsampling=(2, 2),
                compression="jpeg",
                tile=(tile, tile),
                resolution=(1e4 / (mpp * down), 1e4 / (mpp * down)),
                resolutionunit="CENTIMETER",
                subfiletype=0 if down == 1 else 1,
                description=about if about else None,
                metadata=None,
                software=False,
            )
            print(f"{path.name}: level 1/{down} of {shape[1]:,} pixels", file=sys.stderr)


def write_both(folder: Path, side: int) -> tuple[Path, Path]:
    """The two slides, unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    a, b = folder / f"A_{side}.tif", folder / f"B_{side}.svs"
    downs = [2**k for k in range(9) if side // 2**k >= 256]
    if not a.exists():
        write(a, side=side, tile=256, downs=downs, mpp=0.5, about="")
    if not b.exists():
        about = f"Aperio Image Library v12.0.15\n{side}x{side} (240x240) JPEG/RGB Q=80"
        about += "|AppMag = 40|MPP = 0.25"
        write(b, side=side, tile=240, downs=[1, 4, 16], mpp=0.25, about=about)
    return a, b


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--side", type=int, default=40_000, help="width and height in pixels")
    chosen = parser.parse_args()
    for path in write_both(chosen.folder, chosen.side):
        print(f"{path}  {path.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
