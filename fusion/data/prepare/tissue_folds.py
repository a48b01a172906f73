"""Folds: tissue that lies on itself, and so is twice as dense."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8, UInt16
from PIL import Image
from scipy import ndimage

from fusion.data.prepare.tissue_grid import (
    ARTEFACT_MPP,
    MASK_MPP,
    around,
    doubled,
    halved,
    large_pieces,
)

_NEAR_UM = 3000.0
"""Side of the square that a pixel is compared with."""

_BLOCK = 8
"""Side of the blocks, in pixels of `MASK_MPP`, of which its tissue is made up."""

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

_DENSITY = -np.log10((np.arange(9 * 255 + 1, dtype=np.float32) / 9 + 1) / 256)
"""At the sum of nine grey levels."""

Map = Float[np.ndarray, "h w"]


def folds(
    image: UInt8[np.ndarray, "h w 3"], tissue: Bool[np.ndarray, "h w"]
) -> Bool[np.ndarray, "h w"]:
    """Folds in an image at `MASK_MPP` microns per pixel; they are looked for at twice that.

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
    blocks = np.asarray(Image.fromarray(image).reduce(_BLOCK))
    middle = tissue[_BLOCK // 2 :: _BLOCK, _BLOCK // 2 :: _BLOCK]
    wide = np.zeros(blocks.shape[:2], dtype=bool)
    wide[: middle.shape[0], : middle.shape[1]] = middle
    glass = _glass(blocks, wide)
    some = _Density.of([9 * blocks[..., i].astype(np.uint16) for i in range(3)], glass)
    near = some.near(wide)
    if near.sure(some, wide).sum() * (_BLOCK * MASK_MPP) ** 2 < _SMALLEST_UM2 / 2:
        return np.zeros_like(tissue)  # most slides end here
    coarse = halved(image).astype(np.uint16)
    within = tissue[::2, ::2]
    near = near.spread(within.shape)
    every = _Density.of([around(coarse[..., i]) for i in range(3)], glass)
    sure = ndimage.binary_opening(near.sure(every, within))
    sure = large_pieces(sure, _SMALLEST_UM2, ARTEFACT_MPP)
    edge = within & (every.mean >= _EDGE_DENSER * near.mean)
    long = _long(ndimage.binary_dilation(sure, mask=edge, iterations=_EDGE_PX))
    return tissue & doubled(long, tissue.shape)


@dataclass(frozen=True)
class _Density:
    colours: list[Map]
    mean: Map

    @staticmethod
    def of(sums: list[UInt16[np.ndarray, "h w"]], glass: list[int]) -> "_Density":
        """Above that of the glass, of sums of nine grey levels."""
        colours = [
            np.maximum(_DENSITY.take(s) - _DENSITY[g], 0) for s, g in zip(sums, glass, strict=True)
        ]
        return _Density(colours, (colours[0] + colours[1] + colours[2]) / 3)

    def near(self, tissue: Bool[np.ndarray, "h w"]) -> "_Near":
        """Over the tissue within the square around each pixel."""
        side = round(_NEAR_UM / MASK_MPP / _BLOCK) | 1

        def mean(of: Map) -> Map:
            return np.asarray(ndimage.uniform_filter(of, side, mode="constant"))

        weight = tissue.astype(np.float64)
        share = np.maximum(mean(weight), 0.5 / side**2)
        *colours, middle, squares = (
            mean(of * weight) / share for of in (*self.colours, self.mean, self.mean**2)
        )
        deviation = np.sqrt(np.maximum(squares - middle**2, 0))
        least = middle + np.maximum((_DENSER - 1) * middle, _DEVIATIONS * deviation)
        return _Near(colours, middle, least)


@dataclass(frozen=True)
class _Near:
    colours: list[Map]
    mean: Map
    least: Map
    """Mean density of a fold."""

    def sure(self, here: _Density, tissue: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
        found = tissue & (here.mean >= self.least)
        for own, near in zip(here.colours, self.colours, strict=True):
            found &= (own >= _EACH * near) & (own * self.mean <= _SHARE * near * here.mean)
        return found

    def spread(self, shape: tuple[int, ...]) -> "_Near":
        """From blocks to pixels of `ARTEFACT_MPP`."""
        times = _BLOCK // 2
        colours, (mean, least) = (
            [m.repeat(times, axis=1).repeat(times, axis=0)[: shape[0], : shape[1]] for m in maps]
            for maps in (self.colours, [self.mean, self.least])
        )
        return _Near(colours, mean, least)


def _glass(image: UInt8[np.ndarray, "h w 3"], tissue: Bool[np.ndarray, "h w"]) -> list[int]:
    """Nine times the grey level of the slide's own glass, in each colour."""
    bare = image[~tissue & (image.min(axis=-1) > 200)]
    level = np.median(bare, axis=0) if len(bare) >= 100 else np.full(3, _GLASS)
    return [round(9 * float(v)) for v in level]


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
