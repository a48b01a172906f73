"""The JPEG tiles of one level of a TIFF: where they lie, and how one is decoded."""

import mmap
from dataclasses import dataclass

import numpy as np
import simplejpeg
import tifffile
from jaxtyping import Int, UInt8

_JPEG, _CONTIGUOUS = 7, 1
_TRANSFORM = {2: 0, 6: 1}
"""Photometric interpretation (RGB, YCbCr) -> what an Adobe marker calls it."""

_START, _END = b"\xff\xd8", b"\xff\xd9"


@dataclass(frozen=True)
class JpegTiles:
    """A level, or half of one.

    Decoded as OpenSlide does it: accurate DCT, smooth chroma, colours as the TIFF names them.
    """

    width: int
    """Of the level in pixels."""
    height: int
    tile_width: int
    tile_height: int
    offsets: Int[np.ndarray, "rows columns"]
    """Of each tile, in bytes from the start of the file."""
    counts: Int[np.ndarray, "rows columns"]
    """Bytes of each tile."""
    header: bytes
    """What every tile begins with: tables that the tiles share, and their colours."""
    factor: int = 1
    """2: decoded at half the size, by the DCT itself."""

    @staticmethod
    def of(page: tifffile.TiffPage | tifffile.TiffFrame) -> "JpegTiles | None":
        """The tiles of a page, or None where they are not such that this gives OpenSlide's pixels.

        They are where the page is tiled, JPEG, of three 8-bit channels side by side, RGB or YCbCr,
        and has no empty tile (OpenSlide fills those from other levels).
        """
        if not isinstance(page, tifffile.TiffPage):
            return None  # a frame borrows its tags from another page
        tags = page.tags
        shape = (page.samplesperpixel, page.bitspersample, page.planarconfig)
        if not page.is_tiled or page.compression != _JPEG or shape != (3, 8, _CONTIGUOUS):
            return None
        if int(page.photometric) not in _TRANSFORM or page.imagedepth != 1:
            return None
        rows = -(-page.imagelength // page.tilelength)
        columns = -(-page.imagewidth // page.tilewidth)
        places = (page.dataoffsets, page.databytecounts)
        offsets, counts = (np.array(values, dtype=np.int64) for values in places)
        if len(offsets) != rows * columns or not counts.all() or not offsets.all():
            return None
        tables = bytes(tags["JPEGTables"].value) if "JPEGTables" in tags else b""
        return JpegTiles(
            width=page.imagewidth,
            height=page.imagelength,
            tile_width=page.tilewidth,
            tile_height=page.tilelength,
            offsets=offsets.reshape(rows, columns),
            counts=counts.reshape(rows, columns),
            header=_START
            + _adobe(_TRANSFORM[int(page.photometric)])
            + tables.removeprefix(_START).removesuffix(_END),
        )

    def halved(self) -> "JpegTiles":
        """The same tiles at half the size; only where a tile's sides are even."""
        sides = {
            "width": self.width // 2,
            "height": self.height // 2,
            "tile_width": self.tile_width // 2,
            "tile_height": self.tile_height // 2,
        }
        return JpegTiles(
            **sides, offsets=self.offsets, counts=self.counts, header=self.header, factor=2
        )

    def decode(
        self, content: mmap.mmap, row: int, column: int
    ) -> UInt8[np.ndarray, "tile_height tile_width 3"]:
        """One tile.

        Args:
            content: the bytes of the file.
            row: of the tile.
            column: of the tile.

        Raises:
            ValueError: where it cannot be decoded, or has another size.
        """
        start, count = int(self.offsets[row, column]), int(self.counts[row, column])
        stream = self.header + content[start + len(_START) : start + count]
        whole = stream.rstrip(b"\0").endswith(_END)  # then what is odd about it is harmless
        # the smallest of the DCT's sizes that is not below what is asked; 0 is the full size
        smaller = self.factor > 1
        tile = simplejpeg.decode_jpeg(
            stream,
            min_height=self.tile_height if smaller else 0,
            min_width=self.tile_width if smaller else 0,
            strict=not whole,
        )
        expected = (self.tile_height, self.tile_width, 3)
        if tile.shape != expected:
            raise ValueError(f"it is {tile.shape[1]} x {tile.shape[0]} pixels")
        return np.asarray(tile)


def _adobe(transform: int) -> bytes:
    """An APP14 marker: without one, libjpeg guesses whether colours are RGB or YCbCr."""
    return b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([transform])
