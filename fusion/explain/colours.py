"""Scores as colours, alike in pictures and in QuPath."""

import matplotlib as mpl
import numpy as np
from jaxtyping import Float
from matplotlib.colors import Colormap, Normalize

from fusion.explain.scored import ScoredTiles


def colours(tiles: ScoredTiles) -> tuple[Colormap, Normalize]:
    """Blue against and red for, white at zero; attention from dark to bright.

    The 99th percentile of the patient is the end of the scale, so that one tile does not fade
    all others; slides of a patient share it.
    """
    end = float(np.quantile(np.abs(tiles.shown), 0.99)) or 1.0
    if tiles.signed:
        return mpl.colormaps["RdBu_r"], Normalize(-end, end)
    return mpl.colormaps["inferno"], Normalize(0.0, end)


def rgba(tiles: ScoredTiles) -> Float[np.ndarray, "tiles 4"]:
    """The colour of each tile, numbers in [0, 1]."""
    scale, norm = colours(tiles)
    return np.asarray(scale(norm(tiles.shown)), dtype=np.float64)
