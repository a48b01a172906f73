"""Scores as colours, alike in pictures and in QuPath."""

import matplotlib as mpl
import numpy as np
from jaxtyping import Float
from matplotlib.colors import Colormap, Normalize

from fusion.explain.scored import ScoredTiles


def colours(tiles: ScoredTiles) -> tuple[Colormap, Normalize]:
    """Of the tiles of a patient; slides share the scale."""
    return scale(tiles.shown, signed=tiles.signed)


def scale(shown: Float[np.ndarray, " n"], *, signed: bool) -> tuple[Colormap, Normalize]:
    """Blue against and red for, white at zero; what has no sign from dark to bright.

    The 99th percentile is the end of the scale, so that one score does not fade all others.
    """
    end = float(np.quantile(np.abs(shown), 0.99)) or 1.0
    if signed:
        return mpl.colormaps["RdBu_r"], Normalize(-end, end)
    return mpl.colormaps["inferno"], Normalize(0.0, end)


def rgba(tiles: ScoredTiles) -> Float[np.ndarray, "tiles 4"]:
    """The colour of each tile, numbers in [0, 1]."""
    palette, norm = colours(tiles)
    return np.asarray(palette(norm(tiles.shown)), dtype=np.float64)
