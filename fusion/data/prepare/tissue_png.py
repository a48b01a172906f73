"""A mask in a PNG file, of any size, that covers the whole slide."""

import struct
from pathlib import Path

import numpy as np
from jaxtyping import Bool
from PIL import Image, UnidentifiedImageError

from fusion.data.readers.picture import LARGEST_PICTURE_PX

_MODES = ("1", "L", "P", "I", "I;16")

_DAMAGE = (OSError, SyntaxError, TypeError, ValueError, LookupError, struct.error, UserWarning)
"""What Pillow's decoders let through when a file is damaged."""


def read_png(path: Path, size_px: tuple[int, int]) -> Bool[np.ndarray, "rows columns"]:
    """True where it is not zero.

    Args:
        path: with one channel: a mask or a label image, not a picture of the slide.
        size_px: width and height of the slide in level-0 pixels.

    Raises:
        ValueError: where it is no PNG, has colours or too many pixels, or another shape than the
            slide; in words for a user.
    """
    try:
        with Image.open(path, formats=("PNG",)) as image:
            if image.width * image.height > LARGEST_PICTURE_PX:
                raise _Unfit(
                    f"it has {image.width} x {image.height} pixels, expected at most "
                    f"{LARGEST_PICTURE_PX:,}; export it at a lower resolution"
                )
            if image.mode not in _MODES:
                raise _Unfit(
                    f"its pixels are of mode {image.mode}, expected one channel, 0 where there is "
                    "no tissue; export it as a mask"
                )
            _check_shape(image.size, size_px)
            return np.asarray(image) != 0
    except _Unfit:
        raise
    except UnidentifiedImageError as error:
        raise ValueError("it is no PNG image; export it again") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValueError(f"it is too large ({error}); export it at a lower resolution") from error
    except _DAMAGE as error:
        raise ValueError(f"it is damaged or cut off ({error}); copy it again") from error


class _Unfit(ValueError):
    """Said by us, and not by a decoder."""


def _check_shape(mask: tuple[int, int], slide: tuple[int, int]) -> None:
    """One of the sides may be rounded."""
    (width, height), (across, down) = mask, slide
    expected = width * down / across, height * across / down
    if abs(expected[0] - height) > 1 and abs(expected[1] - width) > 1:
        raise _Unfit(
            f"it is {width} x {height} pixels, the slide {across} x {down}: expected a mask of "
            f"the whole slide, {width} x {expected[0]:.0f}"
        )
