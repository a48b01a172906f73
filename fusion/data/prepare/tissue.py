"""Where a slide has tissue, on a grid of fixed physical size."""

import numpy as np
from jaxtyping import Bool, Float, UInt8
from scipy import ndimage
from skimage.filters import threshold_otsu

from fusion.data.readers.slide import SlideFile
from fusion.errors import ReadError

MASK_MPP = 8.0
"""Side of a mask pixel in microns."""

LOWEST_SATURATION, HIGHEST_SATURATION = 0.06, 0.15
"""Bounds on Otsu's threshold: below, it splits empty glass; above, it splits stained tissue."""

_DARKEST = 0.1
"""Darker than this is the scanner's border, a fold or ink; its saturation is noise."""

_SMALLEST_PIECE_UM2 = 10_000.0
_LARGEST_HOLE_UM2 = 40_000.0


def tissue_mask(slide: SlideFile) -> Bool[np.ndarray, "h w"]:
    """Mask of stained tissue; a pixel is `MASK_MPP` microns, the origin is that of the slide.

    Saturation above Otsu's threshold (Otsu 1979), which is held within absolute bounds; specks
    are removed and small holes filled.

    Raises:
        ReadError: where nothing is stained.
    """
    image = slide.thumbnail(MASK_MPP)
    mask = stained(image)
    if not mask.any():
        share = float((saturation(image) > LOWEST_SATURATION).mean())
        raise ReadError(
            slide.path,
            f"no tissue found: {share:.1%} of {slide.size_um[0] / 1000:.1f} x "
            f"{slide.size_um[1] / 1000:.1f} mm has a saturation above {LOWEST_SATURATION}, in no "
            f"piece of {_SMALLEST_PIECE_UM2:,.0f} square microns; expected a stained slide: "
            "look at it, and leave it out of the manifest if it is empty",
            slide.patient,
        )
    return mask


def stained(image: UInt8[np.ndarray, "h w 3"]) -> Bool[np.ndarray, "h w"]:
    """The mask of an image at `MASK_MPP` microns per pixel.

    Example:
        >>> image = np.full((40, 40, 3), 240, dtype=np.uint8)
        >>> image[10:30, 10:30] = [200, 120, 180]
        >>> int(stained(image).sum())  # of 400: the filter against specks rounds the corners
        396
    """
    values = saturation(image)
    threshold = np.clip(_otsu(values), LOWEST_SATURATION, HIGHEST_SATURATION)
    mask = ndimage.median_filter((values > threshold).astype(np.uint8), size=3).astype(bool)
    return ~_without_small(~_without_small(mask, _SMALLEST_PIECE_UM2), _LARGEST_HOLE_UM2)


def saturation(image: UInt8[np.ndarray, "h w 3"]) -> Float[np.ndarray, "h w"]:
    """Saturation of hue-saturation-value, 0 to 1; 0 where the pixel is nearly black."""
    high = image.max(axis=-1).astype(np.float32)
    low = image.min(axis=-1).astype(np.float32)
    return np.where(high > 255 * _DARKEST, (high - low) / np.maximum(high, 1), 0)


def _otsu(values: Float[np.ndarray, "h w"]) -> float:
    flat = bool(values.min() == values.max())
    return float(values.min() if flat else threshold_otsu(values))


def _without_small(mask: Bool[np.ndarray, "h w"], area_um2: float) -> Bool[np.ndarray, "h w"]:
    pieces, _ = ndimage.label(mask)
    large = np.bincount(pieces.ravel()) * MASK_MPP**2 >= area_um2
    large[0] = False
    return np.asarray(large[pieces])
