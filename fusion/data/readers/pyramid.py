"""A whole-slide pyramid on disk. The only import of OpenSlide."""

from dataclasses import dataclass
from itertools import starmap
from pathlib import Path

import numpy as np
import openslide
from jaxtyping import UInt8

from fusion.data.readers.pixels import on_white
from fusion.errors import ReadError


@dataclass(frozen=True)
class Pyramid:
    """An open slide and what it states of its own pixel size."""

    handle: openslide.OpenSlide
    path: Path
    patient: str | None
    stated_mpp: tuple[float, float] | None
    """x and y; None where it does not say."""
    power: float | None
    """Magnification of the objective; None where it does not say."""

    @staticmethod
    def open(path: Path, patient: str | None) -> "Pyramid | None":
        """Open it, or give None for a file that is none of OpenSlide's formats.

        Raises:
            ReadError: where it is one of them, but damaged.
        """
        if openslide.OpenSlide.detect_format(path) is None:
            return None
        try:
            handle = openslide.OpenSlide(path)
        except openslide.OpenSlideError as error:
            raise ReadError(
                path,
                f"OpenSlide cannot open it ({error}): damaged or cut off; copy it again",
                patient,
            ) from error
        keys = (
            openslide.PROPERTY_NAME_MPP_X,
            openslide.PROPERTY_NAME_MPP_Y,
            openslide.PROPERTY_NAME_OBJECTIVE_POWER,
        )
        values = handle.properties
        try:
            x, y, power = (float(values[key]) if key in values else None for key in keys)
        except ValueError as error:
            handle.close()
            message = f"pixel size or magnification is no number ({error}); mend the file's tags"
            raise ReadError(path, message, patient) from error
        return Pyramid(handle, path, patient, None if x is None or y is None else (x, y), power)

    @property
    def dimensions(self) -> tuple[int, int]:
        """Width and height of level 0 in pixels."""
        return self.handle.dimensions

    @property
    def downsamples(self) -> tuple[float, ...]:
        """Level-0 pixels per pixel of each level."""
        return tuple(starmap(self._whole, enumerate(self.handle.level_downsamples)))

    @property
    def vendor(self) -> str:
        """The format, by OpenSlide's name."""
        return str(self.handle.properties[openslide.PROPERTY_NAME_VENDOR])

    @property
    def sizes(self) -> tuple[tuple[int, int], ...]:
        """Width and height of each level in its pixels."""
        return tuple(self.handle.level_dimensions)

    def region(
        self, level: int, x: int, y: int, width: int, height: int
    ) -> UInt8[np.ndarray, "{height} {width} 3"]:
        """RGB, all in pixels of the level.

        Raises:
            ReadError: where the file is damaged there.
        """
        down = self.handle.level_downsamples[level]
        place = round(x * down), round(y * down)
        try:
            return np.asarray(on_white(self.handle.read_region(place, level, (width, height))))
        except openslide.OpenSlideError as error:
            raise ReadError(
                self.path,
                f"level {level} cannot be read at x {x}, y {y} ({error}): the file is damaged or "
                "cut off; copy it again",
                self.patient,
            ) from error

    def close(self) -> None:
        """Let go of the file."""
        self.handle.close()

    def _whole(self, level: int, down: float) -> float:
        """OpenSlide divides sides that were rounded down: 1002 / 250 of a level that is 4."""
        sides = zip(self.dimensions, self.handle.level_dimensions[level], strict=True)
        rounded = all(abs(full / round(down) - side) < 1 for full, side in sides)
        return float(round(down)) if rounded else down
