"""Pen marks, by colours that haematoxylin and eosin never have."""

import functools

import numpy as np
from jaxtyping import Bool, Float, UInt8
from scipy import ndimage

from fusion.data.prepare.tissue_grid import ARTEFACT_MPP, MASK_MPP, doubled, halved, large_pieces

_NONE, _PALE, _SURE = 0, 1, 2

_BITS = 6
"""Of each colour in the table: its steps are of 4 grey levels."""

_THINNEST_PX = 2
_SMALLEST_UM2 = 20_000.0
"""A stroke is as wide as 32 microns and as large as 0.02 square millimetres at the least."""

_EDGE_PX = 4
"""So far does a stroke grow over the paler pixels of its soft edge."""

_EVERY = 4
"""Pixels from sample to sample, where a first look tells whether there is any ink at all."""

_NO_LIGHT = 8
"""A grey level below which it is the border of the scan."""

Density = Float[np.ndarray, "r g b 3"]
Colours = Bool[np.ndarray, "r g b"]


def ink(image: UInt8[np.ndarray, "h w 3"]) -> Bool[np.ndarray, "h w"]:
    """Pen marks in an image at `MASK_MPP` microns per pixel; they are looked for at twice that.

    The rule is one of optical density (Beer and Lambert) in red, green and blue. Haematoxylin and
    eosin both absorb green most: red is absorbed at most as much as green, blue by a third to nine
    tenths as much, and red blood cells absorb at least a fifth as much red as green. So:

    - blue or green ink absorbs more red than green, by a quarter at least, by 15 % where dense;
    - red ink is dense, absorbs hardly any red, and blue nearly as much as green;
    - black ink is dense and absorbs all three alike. What sends no light at all is not ink but
      the border of the scan.

    What is sure grows over the paler pixels beside it, and by one pixel more, whose colour is
    mixed with that of tissue; what is thin or small is left alone.
    Dark violet ink that absorbs as haematoxylin does is not told from it, nor is pale red ink
    from blood. Other stains (alcian blue, trichrome, a blue counterstain) can be taken for ink.

    Example:
        >>> image = np.full((40, 40, 3), 240, dtype=np.uint8)
        >>> image[:, 10:20] = [40, 90, 160]  # a blue pen
        >>> image[:, 20:30] = [110, 90, 150]  # haematoxylin
        >>> np.flatnonzero(ink(image).any(axis=0)).tolist()
        [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]
    """
    sampled = _told(image[::_EVERY, ::_EVERY]) == _SURE
    if sampled.sum() * (_EVERY * MASK_MPP) ** 2 < _SMALLEST_UM2 / 2:  # most slides end here
        return np.zeros(image.shape[:2], dtype=bool)
    found = _told(halved(image))
    sure = ndimage.binary_opening(found == _SURE, np.ones((_THINNEST_PX, _THINNEST_PX)))
    sure = large_pieces(sure, _SMALLEST_UM2, ARTEFACT_MPP)
    grown = ndimage.binary_dilation(sure, mask=found > _NONE, iterations=_EDGE_PX)
    return doubled(ndimage.binary_dilation(grown), image.shape[:2])


def _told(image: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w"]:
    """What each pixel is, by its colour alone."""
    red, green, blue = ((image[..., i] >> (8 - _BITS)).astype(np.uint32) for i in range(3))
    return np.asarray(_table().take((red << 2 * _BITS) | (green << _BITS) | blue))


@functools.cache
def _table() -> UInt8[np.ndarray, " colours"]:
    """What each colour is, at `red << 12 | green << 6 | blue` of 6 bits each."""
    level = (np.arange(1 << _BITS) + 0.5) * (1 << (8 - _BITS))
    density = -np.log10(level / 256)
    colours = np.stack(np.meshgrid(density, density, density, indexing="ij"), axis=-1)
    sure = (
        _cold(colours, 1.25, 0.15)
        | _cold(colours, 1.15, 0.6)
        | _red(colours, 0.16, 0.7, 0.7)
        | _black(colours, 0.8, 90.0)
    )
    pale = _cold(colours, 1.1, 0.1) | _red(colours, 0.2, 0.6, 0.3) | _black(colours, 0.7, 150.0)
    return np.where(sure, _SURE, np.where(pale, _PALE, _NONE)).astype(np.uint8).reshape(-1)


def _cold(density: Density, over_green: float, dense: float) -> Colours:
    red, green, _ = np.moveaxis(density, -1, 0)
    return (red >= over_green * green) & (red >= dense) & (np.ptp(density, axis=-1) >= 0.1)


def _red(density: Density, red_at_most: float, blue_at_least: float, dense: float) -> Colours:
    red, green, blue = np.moveaxis(density, -1, 0)
    return (red <= red_at_most * green) & (blue >= blue_at_least * green) & (green >= dense)


def _black(density: Density, alike: float, brightest: float) -> Colours:
    least, most = density.min(axis=-1), density.max(axis=-1)
    light = 256 * 10**-least
    return (least >= alike * most) & (light >= _NO_LIGHT) & (light <= brightest)
