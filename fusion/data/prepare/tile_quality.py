"""How sharp a tile is, and how much of it is empty glass."""

import numpy as np
from jaxtyping import Float, UInt8

from fusion.data.prepare.tissue_stain import LOWEST_SATURATION, saturation

QUALITY_MPP = 1.0
"""Microns per pixel at which tiles are judged: the multiple of their own that is nearest."""

_FAINT = 16.0
"""Squared grey levels from pixel to pixel, which the noise of glass has."""


def sharpness(tiles: UInt8[np.ndarray, "n h w 3"], mpp: float) -> Float[np.ndarray, " n"]:
    """0 for a tile without any detail, 1 for one that changes sides at every pixel.

    The energy of the Laplacian (Pech-Pacheco 2000, whose variance tells blur) over that of the
    gradient, so that it does not grow with contrast or stain: with first differences d and second
    differences s of green grey levels, sum s^2 / (4 sum d^2), and a summand for noise below.
    Blur takes from s before it takes from d. Two scanners' tissue in focus has 0.3 to 0.6 at one
    micron per pixel; blurred by a Gaussian of one micron 0.1 to 0.2, of two microns below 0.07.
    Empty glass may have anything up to 0.4, by the dust on it: look at `background` first. At two
    microns per pixel and more the numbers are higher, and one micron of blur is not seen.

    Args:
        tiles: RGB.
        mpp: of the tiles.

    Example:
        >>> tiles = np.zeros((2, 8, 8, 3), dtype=np.uint8)
        >>> tiles[0, ::2], tiles[1] = 200, np.arange(0, 80, 10)[:, None]  # stripes, a slope
        >>> sharpness(tiles, mpp=1.0).round(2).tolist()
        [1.0, 0.0]
    """
    factor = _factor(mpp)
    green = tiles[..., 1].astype(np.float32)
    height, width = (side // factor * factor for side in green.shape[1:])
    parts = [
        green[:, i:height:factor, j:width:factor] for i in range(factor) for j in range(factor)
    ]
    grey = sum(parts[1:], start=parts[0]) / len(parts)
    first = [np.diff(grey, axis=axis) for axis in (1, 2)]
    second = [np.diff(d, axis=axis) for d, axis in zip(first, (1, 2), strict=True)]
    gradient, laplacian = (
        sum(np.square(d).mean(axis=(1, 2)) for d in ds) for ds in (first, second)
    )
    return np.asarray(laplacian / (4 * (gradient + _FAINT)))


def background(tiles: UInt8[np.ndarray, "n h w 3"], mpp: float) -> Float[np.ndarray, " n"]:
    """Share of a tile that has less colour than anything that is called tissue on any slide.

    Glass, and the black border of a scan. Fat, lumens and torn tissue are background too, which
    the mask on its coarse grid does not see.

    Example:
        >>> tiles = np.full((1, 4, 4, 3), 240, dtype=np.uint8)
        >>> tiles[0, :, 0] = [200, 120, 180]
        >>> background(tiles, mpp=1.0).tolist()
        [0.75]
    """
    factor = _factor(mpp)
    bare = saturation(tiles[:, ::factor, ::factor]) <= 255 * LOWEST_SATURATION
    return np.asarray(bare.mean(axis=(1, 2)))


def _factor(mpp: float) -> int:
    return max(1, round(QUALITY_MPP / mpp))
