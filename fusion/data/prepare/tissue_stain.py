"""What is stained, by saturation."""

import cv2
import numpy as np
from jaxtyping import Bool, UInt8
from PIL import Image
from skimage.filters import threshold_otsu

from fusion.data.prepare.tissue_grid import MASK_MPP, around, doubled, pieces_of

LOWEST_SATURATION, HIGHEST_SATURATION = 0.06, 0.15
"""Bounds on Otsu's threshold: below, it splits empty glass; above, it splits stained tissue."""

_DARKEST = 0.1
"""Darker than this is the scanner's border, a fold or ink; its saturation is noise."""

SMALLEST_PIECE_UM2 = 10_000.0
_LARGEST_HOLE_UM2 = 40_000.0

_HIGH, _LOW = np.ogrid[:256, :256]
_TABLE = np.where(
    _HIGH > 255 * _DARKEST, np.rint(255 * (_HIGH - _LOW) / np.maximum(_HIGH, 1)), 0
).clip(0, 255)
_SATURATION = _TABLE.astype(np.uint8).reshape(-1)
"""At 256 x largest + smallest of red, green and blue: a table is faster than a division."""


def stained(
    image: UInt8[np.ndarray, "h w 3"], without: Bool[np.ndarray, "h w"] | None = None
) -> Bool[np.ndarray, "h w"]:
    """The mask of an image at `MASK_MPP` microns per pixel.

    Saturation above Otsu's threshold (Otsu 1979), which is held within absolute bounds; specks
    are removed and small holes filled.

    Args:
        image: the slide.
        without: what is no tissue whatever its colour, and has no part in the threshold.

    Example:
        >>> image = np.full((40, 40, 3), 240, dtype=np.uint8)
        >>> image[10:30, 10:30] = [200, 120, 180]
        >>> int(stained(image).sum())  # of 400: the filter against specks rounds the corners
        396
    """
    high, low = _extremes(image)
    some = _saturation(high[::2, ::2], low[::2, ::2])  # a quarter of the pixels tells the threshold
    threshold = _otsu(some, None if without is None else without[::2, ::2])
    mask = _above(high, low, round(255 * np.clip(threshold, LOWEST_SATURATION, HIGHEST_SATURATION)))
    if without is not None:
        mask &= ~without
    mask = _tidy(_median(mask))
    return mask if without is None else mask & ~without


def saturation(image: UInt8[np.ndarray, "*n 3"]) -> UInt8[np.ndarray, "*n"]:
    """Saturation of hue-saturation-value, 255 = full; 0 where the pixel is nearly black.

    Example:
        >>> saturation(np.array([[200, 100, 150], [9, 0, 0]], dtype=np.uint8)).tolist()
        [128, 0]
    """
    return _saturation(image.max(axis=-1), image.min(axis=-1))


def _saturation(
    high: UInt8[np.ndarray, "*n"], low: UInt8[np.ndarray, "*n"]
) -> UInt8[np.ndarray, "*n"]:
    return np.asarray(_SATURATION.take((high.astype(np.uint16) << 8) | low))


def _extremes(
    image: UInt8[np.ndarray, "h w 3"],
) -> tuple[UInt8[np.ndarray, "h w"], UInt8[np.ndarray, "h w"]]:
    """Largest and smallest of red, green and blue; ten times as fast as along an axis of three."""
    red, green, blue = cv2.split(np.ascontiguousarray(image))
    high, low = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
    return np.asarray(high), np.asarray(low)


def _above(
    high: UInt8[np.ndarray, "h w"], low: UInt8[np.ndarray, "h w"], least: int
) -> Bool[np.ndarray, "h w"]:
    """Where saturation is above; without the division that the number itself would need."""
    coloured = (high - low).astype(np.uint16) * 255 > high.astype(np.uint16) * least
    return coloured & (high > 255 * _DARKEST)


def _otsu(values: UInt8[np.ndarray, "h w"], without: Bool[np.ndarray, "h w"] | None) -> float:
    kept = None if without is None or not without.any() else Image.fromarray(~without)
    counts = np.array(Image.fromarray(values).histogram(kept))
    levels = np.flatnonzero(counts)
    if len(levels) < 2:  # flat, or nothing left
        return float(levels[0] if len(levels) else 0) / 255
    return float(threshold_otsu(hist=(counts, np.arange(256)))) / 255


def _median(mask: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """Of 3 x 3 pixels: whether five of them are set."""
    return around(mask.view(np.uint8)) > 4


def _tidy(mask: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """Without small pieces, then without small holes.

    What touches is told by quads of 2 x 2 pixels, which is four times as fast; areas are of pixels.
    """
    height, width = mask.shape
    even = np.pad(mask.view(np.uint8), ((0, height % 2), (0, width % 2)), mode="edge")
    quads = even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]
    large = ~_small(quads, SMALLEST_PIECE_UM2)
    filled = _small(4 - quads * large, _LARGEST_HOLE_UM2)
    kept = mask & doubled(large, (height, width))
    return kept | doubled(filled, (height, width)) if filled.any() else kept


def _small(quads: UInt8[np.ndarray, "h w"], area_um2: float) -> Bool[np.ndarray, "h w"]:
    """Quads of pieces that are smaller; the numbers are pixels of the piece in each."""
    pieces = pieces_of(quads > 0)
    small = np.bincount(pieces.ravel(), quads.ravel()) * MASK_MPP**2 < area_um2
    small[0] = False
    return np.asarray(small.take(pieces))
