"""A plain image of a region (PNG, JPEG, TIFF), held in memory behind the interface of a slide."""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, UnidentifiedImageError

from fusion.data.readers.pixels import on_white
from fusion.errors import ReadError

LARGEST_PICTURE_PX = 89_000_000
"""Above this a picture is refused unread: it may be a bomb, and a pyramid serves better."""

_COLOUR_MODES = ("RGB", "RGBA", "P")

_DAMAGE = (OSError, SyntaxError, TypeError, ValueError, LookupError, struct.error, UserWarning)
"""What Pillow's decoders let through when a file is damaged."""


@dataclass(frozen=True)
class Picture:
    """One level of pixels."""

    pixels: UInt8[np.ndarray, "h w 3"]
    dimensions: tuple[int, int]
    """Width and height in pixels."""
    downsamples: tuple[float, ...] = (1.0,)

    @staticmethod
    def open(path: Path, patient: str | None) -> "Picture":
        """Read an 8-bit colour image with one page.

        Raises:
            ReadError: where it is no image, cut off, too large, grey or of several pages.
        """
        try:
            with Image.open(path, formats=("PNG", "JPEG", "TIFF")) as image:
                _check(image, path, patient)
                image.load()
                rgb = on_white(image)
        except ReadError:
            raise
        except UnidentifiedImageError as error:
            raise ReadError(
                path,
                "neither a slide that OpenSlide opens nor a PNG, JPEG or TIFF image: damaged, cut "
                "off, or of another format; copy it again or convert it to a pyramidal TIFF",
                patient,
            ) from error
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise ReadError(path, _too_large(str(error)), patient) from error
        except _DAMAGE as error:
            raise ReadError(
                path, f"the image is damaged or cut off ({error}); copy it again", patient
            ) from error
        return Picture(np.asarray(rgb), rgb.size)

    def region(
        self, level: int, x: int, y: int, width: int, height: int
    ) -> UInt8[np.ndarray, "{height} {width} 3"]:
        """Pixels from (x, y); white outside."""
        canvas = np.full((height, width, 3), 255, dtype=np.uint8)
        left, top = max(x, 0), max(y, 0)
        right, bottom = min(x + width, self.dimensions[0]), min(y + height, self.dimensions[1])
        if left < right and top < bottom:
            inside = self.pixels[top:bottom, left:right]
            canvas[top - y : bottom - y, left - x : right - x] = inside
        return canvas

    def close(self) -> None:
        """Nothing is open."""


def _check(image: Image.Image, path: Path, patient: str | None) -> None:
    if image.width * image.height > LARGEST_PICTURE_PX:
        raise ReadError(path, _too_large(f"{image.width} x {image.height} pixels"), patient)
    if image.mode not in _COLOUR_MODES:
        raise ReadError(
            path, f"pixels of mode {image.mode}, expected 8-bit colour (RGB or RGBA)", patient
        )
    pages = getattr(image, "n_frames", 1)
    if pages != 1:
        raise ReadError(
            path, f"{pages} pages, expected one: give each its own file and manifest row", patient
        )


def _too_large(found: str) -> str:
    return (
        f"too large for a plain image ({found}), expected at most {LARGEST_PICTURE_PX:,} pixels; "
        "convert it to a pyramidal TIFF"
    )
