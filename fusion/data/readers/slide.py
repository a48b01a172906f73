"""Whole-slide images, addressed in microns. The only import of OpenSlide."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path

import numpy as np
import openslide
from jaxtyping import UInt8
from PIL import Image

from fusion.data.readers.mpp import agreed_mpp
from fusion.data.readers.picture import Picture
from fusion.data.readers.pixels import Pixels, on_white, resize
from fusion.errors import ReadError

_BLOCK_PX = 2048
"""Side of the largest region that is decoded at once, in pixels of its level."""


@dataclass(frozen=True)
class _Pyramid:
    handle: openslide.OpenSlide
    path: Path
    patient: str | None

    @property
    def dimensions(self) -> tuple[int, int]:
        return self.handle.dimensions

    @property
    def downsamples(self) -> tuple[float, ...]:
        return self.handle.level_downsamples

    def region(self, level: int, x: int, y: int, width: int, height: int) -> Image.Image:
        try:
            return on_white(self.handle.read_region((x, y), level, (width, height)))
        except openslide.OpenSlideError as error:
            raise ReadError(
                self.path,
                f"level {level} cannot be read at x {x}, y {y} ({error}): the file is damaged or "
                "cut off; copy it again",
                self.patient,
            ) from error

    def close(self) -> None:
        self.handle.close()


@dataclass(frozen=True)
class SlideFile(AbstractContextManager["SlideFile"]):
    """An open slide whose pixel size is known. Safe to read from several threads."""

    path: Path
    patient: str | None
    mpp: float
    """Microns per pixel of level 0."""
    pixels: Pixels

    @staticmethod
    def open(path: Path, patient: str | None = None, mpp: float | None = None) -> "SlideFile":
        """Open a slide that OpenSlide reads, or a plain PNG, JPEG or TIFF image of a region.

        Args:
            path: the file.
            patient: for messages.
            mpp: microns per pixel of level 0 from the manifest; needed for a plain image, and for
                a slide that does not state its own.

        Raises:
            ReadError: where the file is absent, empty, damaged, cut off or no slide, or where its
                microns per pixel are absent, impossible or contradicted.
        """
        if not path.is_file():
            raise ReadError(path, "no such file", patient)
        if path.stat().st_size == 0:
            raise ReadError(path, "the file is empty (0 bytes); copy it again", patient)
        stated, power = None, None
        if openslide.OpenSlide.detect_format(path) is None:
            pixels: Pixels = Picture.open(path, patient)
        else:
            pixels, stated, power = _open_pyramid(path, patient)
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
        self, x_px: float, y_px: float, size_px: float, out_px: int
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
        self, x_um: float, y_um: float, size_um: float, out_px: int
    ) -> UInt8[np.ndarray, "{out_px} {out_px} 3"]:
        """`read`, with position and side in microns."""
        return self.read(x_um / self.mpp, y_um / self.mpp, size_um / self.mpp, out_px)

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
        self, x: float, y: float, width: float, height: float, out_width: int, out_height: int
    ) -> UInt8[np.ndarray, "{out_height} {out_width} 3"]:
        level = self._level(width / out_width)
        down = self.pixels.downsamples[level]
        edges = np.array([x, y, x + width, y + height]) / down
        left, top = np.floor(edges[:2] + 1e-6).astype(int).tolist()
        right, bottom = np.ceil(edges[2:] - 1e-6).astype(int).tolist()
        image = self.pixels.region(
            level, round(left * down), round(top * down), right - left, bottom - top
        )
        box = np.clip(edges - [left, top, left, top], 0, [*image.size, *image.size])
        return np.asarray(resize(image, box.tolist(), (out_width, out_height)))

    def _probe(self) -> None:
        """Read the last pixel of every level: a file that is cut off fails now, not in an hour."""
        width, height = self.dimensions
        for level, down in enumerate(self.pixels.downsamples):
            self.pixels.region(level, max(0, width - ceil(down)), max(0, height - ceil(down)), 1, 1)


def _open_pyramid(
    path: Path, patient: str | None
) -> tuple[_Pyramid, tuple[float, float] | None, float | None]:
    try:
        handle = openslide.OpenSlide(path)
    except openslide.OpenSlideError as error:
        raise ReadError(
            path, f"OpenSlide cannot open it ({error}): damaged or cut off; copy it again", patient
        ) from error
    keys = (
        openslide.PROPERTY_NAME_MPP_X,
        openslide.PROPERTY_NAME_MPP_Y,
        openslide.PROPERTY_NAME_OBJECTIVE_POWER,
    )
    try:
        x, y, power = (
            float(handle.properties[k]) if k in handle.properties else None for k in keys
        )
    except ValueError as error:
        handle.close()
        raise ReadError(
            path, f"pixel size or magnification is no number ({error})", patient
        ) from error
    stated = None if x is None or y is None else (x, y)
    return _Pyramid(handle, path, patient), stated, power
