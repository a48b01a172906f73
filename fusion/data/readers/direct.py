"""A pyramid of JPEG tiles, decoded without OpenSlide: the same pixels, several times faster."""

import mmap
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import tifffile
from jaxtyping import UInt8

from fusion.data.readers.jpeg_tiles import JpegTiles
from fusion.data.readers.pyramid import Pyramid
from fusion.errors import ReadError

VENDORS = ("aperio", "generic-tiff")
"""Formats by OpenSlide's name whose pages are plain TIFF levels; others move or join tiles."""

_ROWS_KEPT = 2
"""Rows of decoded tiles, since tiles are read row by row. More would not help, and memory that is
touched for the first time costs as much as a quarter of decoding."""

Place = tuple[int, int, int]


@dataclass(frozen=True)
class Direct:
    """An open slide whose levels are all tiled JPEG. Safe to read from several threads."""

    path: Path
    patient: str | None
    dimensions: tuple[int, int]
    """Width and height of level 0 in pixels."""
    downsamples: tuple[float, ...]
    """Level-0 pixels per pixel of each level."""
    levels: tuple[JpegTiles, ...]
    content: mmap.mmap
    """The bytes of the file, mapped from the disk."""
    _kept: "OrderedDict[Place, np.ndarray]" = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @staticmethod
    def of(pyramid: Pyramid, *, half_size_decode: bool) -> "Direct | None":
        """The same slide, or None where OpenSlide has to read it.

        The rule: a format of `VENDORS`, every level a page of JPEG tiles as `JpegTiles.of` asks
        for, every downsample whole. All is told by the file's tags; no pixel is tried.

        Args:
            pyramid: as OpenSlide sees it.
            half_size_decode: offer each level at half its size too, scaled by the DCT.
        """
        whole = all(down == round(down) for down in pyramid.downsamples)
        if pyramid.vendor not in VENDORS or not whole:
            return None
        try:
            with tifffile.TiffFile(pyramid.path) as file:
                pages = [JpegTiles.of(page) for page in file.pages]
        except (tifffile.TiffFileError, ValueError, IndexError, KeyError, TypeError):
            return None  # OpenSlide opened it, and may know better
        found = {(level.width, level.height): level for level in pages if level is not None}
        if not set(found) >= set(pyramid.sizes):
            return None
        levels = dict(zip(pyramid.downsamples, [found[s] for s in pyramid.sizes], strict=True))
        if half_size_decode:
            halves = {
                2 * down: level.halved()
                for down, level in levels.items()
                if level.tile_width % 2 == level.tile_height % 2 == 0
            }
            levels = {**halves, **levels}  # a level of its own is better than half of another
        return Direct(
            path=pyramid.path,
            patient=pyramid.patient,
            dimensions=pyramid.dimensions,
            downsamples=tuple(sorted(levels)),
            levels=tuple(levels[down] for down in sorted(levels)),
            content=_mapped(pyramid.path),
        )

    def region(
        self, level: int, x: int, y: int, width: int, height: int
    ) -> UInt8[np.ndarray, "{height} {width} 3"]:
        """RGB, all in pixels of the level; white outside. Of one tile it is a read-only view.

        Raises:
            ReadError: where a tile cannot be decoded.
        """
        tiles = self.levels[level]
        left, right = max(x, 0), min(x + width, tiles.width)
        top, bottom = max(y, 0), min(y + height, tiles.height)
        inside = (left, top, right, bottom) == (x, y, x + width, y + height)
        high, wide = tiles.tile_height, tiles.tile_width
        if (
            inside
            and x // wide == (x + width - 1) // wide
            and y // high == (y + height - 1) // high
        ):
            tile = self._tile((level, y // high, x // wide), whole=(height, width) == (high, wide))
            return tile[y % high : y % high + height, x % wide : x % wide + width]
        out = np.empty((height, width, 3), dtype=np.uint8)
        if not inside:
            out.fill(255)
        for row in range(top // high, -(-bottom // high) if right > left else 0):
            y0, y1 = max(top, row * high), min(bottom, (row + 1) * high)
            for column in range(left // wide, -(-right // wide)):
                x0, x1 = max(left, column * wide), min(right, (column + 1) * wide)
                whole = (y1 - y0, x1 - x0) == (high, wide)
                tile = self._tile((level, row, column), whole=whole)
                out[y0 - y : y1 - y, x0 - x : x1 - x] = tile[
                    y0 - row * high : y1 - row * high, x0 - column * wide : x1 - column * wide
                ]
        return out

    def close(self) -> None:
        """Let go of the pixels; the file is unmapped with the last of them."""
        self._kept.clear()

    def _tile(self, place: Place, *, whole: bool) -> np.ndarray:
        """A decoded tile; kept for the next reads unless this one needs all of it."""
        with self._lock:
            found = self._kept.get(place)
            if found is not None:
                self._kept.move_to_end(place)
                return found
        tile = self._decoded(place)
        if not whole:
            most = max(2, _ROWS_KEPT * self.levels[place[0]].offsets.shape[1])
            with self._lock:
                self._kept[place] = tile
                while len(self._kept) > most:
                    self._kept.popitem(last=False)
        return tile

    def _decoded(self, place: Place) -> np.ndarray:
        level, row, column = place
        tiles = self.levels[level]
        try:
            tile = tiles.decode(self.content, row, column)
        except ValueError as error:
            raise ReadError(
                self.path,
                f"a tile cannot be decoded at x {column * tiles.tile_width}, y "
                f"{row * tiles.tile_height} of the level at 1/{self.downsamples[level]:g} "
                f"({error}): the file is damaged or cut off; copy it again",
                self.patient,
            ) from error
        tile.flags.writeable = False  # it may be handed out, and is handed out again
        return tile


def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
