"""Folds: tissue that lies on itself, and so is twice as dense."""

import numpy as np
from jaxtyping import Bool, Float, UInt8
from scipy import ndimage

from fusion.data.prepare.tissue_grid import ARTEFACT_MPP, around, large_pieces

_NEAR_UM = 3000.0
"""Side of the square that a pixel is compared with."""

_EVERY = 4
"""Of its pixels, every fourth in each direction is looked at."""

_DENSER, _DEVIATIONS = 1.5, 1.5
"""Times the mean density near; standard deviations above it."""

_EACH, _SHARE = 1.3, 1.3
"""Times the mean of each colour near; times its share of the density, at the most."""

_EDGE_DENSER, _EDGE_PX = 1.3, 3
"""So dense are the pixels over which a fold grows, and so far."""

_SMALLEST_UM2 = 20_000.0
_LENGTH = 2.0
"""Times its width; what is rounder is a nest of cells or a vessel."""

_GLASS = 243
"""Grey level of light that met no tissue, where a slide shows too little of its glass."""

_TINY = 1e-6

_DENSITY = -np.log10((np.arange(9 * 255 + 1, dtype=np.float32) / 9 + 1) / 256)
"""At the sum of nine grey levels."""


def folds(
    image: UInt8[np.ndarray, "h w 3"], tissue: Bool[np.ndarray, "h w"]
) -> Bool[np.ndarray, "h w"]:
    """Folds in an image at `ARTEFACT_MPP` microns per pixel.

    Published rules take what is dark and saturated both (Palokangas 2007; Bautista and Yagi 2010;
    Kothari 2013), which crowded nuclei are too. Two layers of one tissue have twice the optical
    density (Beer and Lambert), in red, green *and* blue; nuclei raise red most, and blood hardly
    raises it. So a fold is where, smoothed over 3 x 3 pixels,

    - the mean density is 1.5 times that of the tissue within a square of 3 mm around, and 1.5 of
      its standard deviations above it;
    - each colour is 1.3 times as dense as there, and none has more than 1.3 times the share of
      the density that it has there;
    - the piece covers 0.02 square millimetres, and with what is beside it and 1.3 times as dense,
      three pixels far, it is twice as long as it is wide.

    The rule would rather miss a fold than take tumour for one: that of pale tissue beside dark
    tissue is not found, nor is one as round as a nest of cells.

    Args:
        image: the slide.
        tissue: where it is stained; nothing else is a fold, or compared with.
    """
    if not tissue.any():
        return tissue
    colours = _densities(image, tissue)
    mean = sum(colours[1:], start=colours[0]) / 3
    *usual, middle, squares = _near(tissue, [*colours, mean, mean * mean])
    deviation = np.sqrt(np.maximum(squares - middle**2, 0))
    least = middle + np.maximum((_DENSER - 1) * middle, _DEVIATIONS * deviation)
    sure = tissue & (mean >= _spread(least, mean.shape))
    for values, near in zip(colours, usual, strict=True):
        sure &= values >= _spread(_EACH * near, mean.shape)
        share = _SHARE * near / np.maximum(middle, _TINY)
        sure &= values <= mean * _spread(share, mean.shape)
    if sure.sum() * ARTEFACT_MPP**2 < _SMALLEST_UM2:  # most slides end here
        return np.zeros_like(sure)
    sure = large_pieces(ndimage.binary_opening(sure), _SMALLEST_UM2, ARTEFACT_MPP)
    if not sure.any():
        return sure
    edge = tissue & (mean >= _spread(_EDGE_DENSER * middle, mean.shape))
    return _long(ndimage.binary_dilation(sure, mask=edge, iterations=_EDGE_PX))


def _densities(
    image: UInt8[np.ndarray, "h w 3"], tissue: Bool[np.ndarray, "h w"]
) -> list[Float[np.ndarray, "h w"]]:
    """Of red, green and blue, smoothed, above that of the slide's own glass."""
    some = image[::_EVERY, ::_EVERY]
    bare = some[~tissue[::_EVERY, ::_EVERY] & (some.min(axis=-1) > 200)]
    glass = np.median(bare, axis=0) if len(bare) >= 100 else np.full(3, _GLASS)
    return [
        np.maximum(_DENSITY.take(around(image[..., i])) - _DENSITY[round(9 * glass[i])], 0)
        for i in range(3)
    ]


def _near(
    tissue: Bool[np.ndarray, "h w"], values: list[Float[np.ndarray, "h w"]]
) -> list[Float[np.ndarray, "_ _"]]:
    """Means over the tissue within the square around, at every fourth pixel."""
    side = round(_NEAR_UM / ARTEFACT_MPP / _EVERY) | 1
    weight = tissue[::_EVERY, ::_EVERY].astype(np.float64)

    def mean(of: Float[np.ndarray, "_ _"]) -> Float[np.ndarray, "_ _"]:
        return np.asarray(ndimage.uniform_filter(of, side, mode="constant"))

    share = np.maximum(mean(weight), 0.5 / side**2)
    return [mean(v[::_EVERY, ::_EVERY] * weight) / share for v in values]


def _spread(
    coarse: Float[np.ndarray, "_ _"], shape: tuple[int, ...]
) -> Float[np.ndarray, "height width"]:
    return coarse.repeat(_EVERY, axis=0).repeat(_EVERY, axis=1)[: shape[0], : shape[1]]


def _long(mask: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """Pieces whose area is at least that of a strip of their width, so many times as long."""
    pieces, count = ndimage.label(mask)
    kept = np.zeros(count + 1, dtype=bool)
    for number, place in enumerate(ndimage.find_objects(pieces), start=1):
        piece = np.pad(pieces[place] == number, 2)
        piece = ndimage.binary_fill_holes(ndimage.binary_closing(piece))  # lace is no strip
        width = 2 * ndimage.distance_transform_edt(piece).max() - 1
        kept[number] = piece.sum() >= _LENGTH * width**2
    return np.asarray(kept[pieces])
