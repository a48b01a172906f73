"""Whole-slide images, addressed in microns."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from fusion.data.readers.direct import Direct
from fusion.data.readers.mpp import agreed_mpp
from fusion.data.readers.picture import Picture
from fusion.data.readers.pixels import Pixels, resize
from fusion.data.readers.pyramid import Pyramid
from fusion.errors import ReadError

_BLOCK_PX = 2048
"""Side of the largest region that is decoded at once, in pixels of its level."""


@dataclass(frozen=True)
class SlideFile(AbstractContextManager["SlideFile"]):
    """An open slide whose pixel size is known. Safe to read from several threads."""

    path: Path
    patient: str | None
    mpp: float
    """Microns per pixel of level 0."""
    pixels: Pixels

    @staticmethod
    def open(
        path: Path,
        patient: str | None = None,
        mpp: float | None = None,
        *,
        half_size_decode: bool = False,
    ) -> "SlideFile":
        """Open a slide that OpenSlide reads, or a plain PNG, JPEG or TIFF image of a region.

        Args:
            path: the file.
            patient: for messages.
            mpp: microns per pixel of level 0 from the manifest; needed for a plain image, and for
                a slide that does not state its own.
            half_size_decode: read at half of a level's resolution by a smaller DCT, where tiles
                are JPEG: nearly twice as fast as all pixels and their mean, from which it differs
                by less than a grey level in the mean.

        Raises:
            ReadError: where the file is absent, empty, damaged, cut off or no slide, or where its
                microns per pixel are absent, impossible or contradicted.
        """
        if not path.is_file():
            raise ReadError(path, "no such file", patient)
        if path.stat().st_size == 0:
            raise ReadError(path, "the file is empty (0 bytes); copy it again", patient)
        pyramid = Pyramid.open(path, patient)
        direct = pyramid and Direct.of(pyramid, half_size_decode=half_size_decode)
        pixels: Pixels = direct or pyramid or Picture.open(path, patient)
        if pyramid and direct:
            pyramid.close()
        stated, power = (pyramid.stated_mpp, pyramid.power) if pyramid else (None, None)
        try:
            slide = SlideFile(path, patient, agreed_mpp(stated, power, mpp), pixels)
            slide._probe()
        except ValueError as error:
            pixels.close()
            if isinstance(error, ReadError):
                raise
            raise ReadError(path, str(error), patient) from error
        return slide

    @property
    def dimensions(self) -> tuple[int, int]:
        """Width and height of level 0 in pixels."""
        return self.pixels.dimensions

    @property
    def size_um(self) -> tuple[float, float]:
        """Width and height in microns."""
        return self.dimensions[0] * self.mpp, self.dimensions[1] * self.mpp

    def read(
        self, x_px: float | int, y_px: float | int, size_px: float | int, out_px: int
    ) -> UInt8[np.ndarray, "{out_px} {out_px} 3"]:
        """A square from the nearest finer level, reduced to `out_px`; white outside the slide.

        Args:
            x_px: left edge in level-0 pixels.
            y_px: top edge in level-0 pixels.
            size_px: side in level-0 pixels; need not be whole.
            out_px: side of the result.
        """
        return self._read(x_px, y_px, size_px, size_px, out_px, out_px)

    def read_um(
        self, x_um: float | int, y_um: float | int, size_um: float | int, out_px: int
    ) -> UInt8[np.ndarray, "{out_px} {out_px} 3"]:
        """`read`, with position and side in microns."""
        return self.read(x_um / self.mpp, y_um / self.mpp, size_um / self.mpp, out_px)

    def fitting_mpp(self, side_px: int) -> float:
        """Of a thumbnail whose longer side has so many pixels; never finer than level 0."""
        return max(self.mpp, max(self.size_um) / side_px)

    def thumbnail(self, mpp: float) -> UInt8[np.ndarray, "h w 3"]:
        """The whole slide; a pixel is exactly `mpp` microns, the last ones are filled with white.

        A slide without a pyramid is read block by block, so memory stays small.
        """
        ratio = mpp / self.mpp
        width, height = (ceil(side / ratio - 1e-6) for side in self.dimensions)
        step = max(1, floor(_BLOCK_PX * self.pixels.downsamples[self._level(ratio)] / ratio))
        out = np.empty((height, width, 3), dtype=np.uint8)
        for top in range(0, height, step):
            for left in range(0, width, step):
                h, w = min(step, height - top), min(step, width - left)
                out[top : top + h, left : left + w] = self._read(
                    left * ratio, top * ratio, w * ratio, h * ratio, w, h
                )
        return out

    def close(self) -> None:
        """Let go of the file."""
        self.pixels.close()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _level(self, ratio: float) -> int:
        """The coarsest level that is not coarser than asked (0.5 % aside: pyramids are rounded)."""
        return max(i for i, d in enumerate(self.pixels.downsamples) if i == 0 or d <= ratio * 1.005)

    def _read(
        self,
        x: float | int,
        y: float | int,
        width: float | int,
        height: float | int,
        out_width: int,
        out_height: int,
    ) -> UInt8[np.ndarray, "{out_height} {out_width} 3"]:
        level = self._level(width / out_width)
        down = self.pixels.downsamples[level]
        x0, y0, x1, y1 = x / down, y / down, (x + width) / down, (y + height) / down
        left, top = floor(x0 + 1e-6), floor(y0 + 1e-6)
        right, bottom = ceil(x1 - 1e-6), ceil(y1 - 1e-6)
        pixels = self.pixels.region(level, left, top, right - left, bottom - top)
        box = [
            max(0.0, x0 - left),
            max(0.0, y0 - top),
            min(float(right - left), x1 - left),
            min(float(bottom - top), y1 - top),
        ]
        return resize(pixels, box, (out_width, out_height))

    def _probe(self) -> None:
        """Read the last pixel of every level: a file that is cut off fails now, not in an hour."""
        for level, down in enumerate(self.pixels.downsamples):
            x, y = (max(0, floor(side / down) - 1) for side in self.dimensions)
            self.pixels.region(level, x, y, 1, 1)
