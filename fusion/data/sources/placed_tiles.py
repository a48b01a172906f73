"""A bag of tiles with the place of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor


@dataclass(frozen=True)
class PlacedTiles:
    """A patient's bag with the place of every row, for explanations."""

    features: Float[Tensor, "tiles dim"]
    """As `BagSource.load` gives them."""
    slide: Int[np.ndarray, " tiles"]
    """Which of the patient's manifest rows the tile is from, counted from 0."""
    corner_um: Float[np.ndarray, "tiles 2"]
    """x and y of the top left corner on its slide, in microns."""
    corner_px: Int[np.ndarray, "tiles 2"]
    """The same in level-0 pixels."""
    side_px: Float[np.ndarray, " tiles"]
    """Side of the tile in level-0 pixels of its slide."""
    sharpness: Float[np.ndarray, " tiles"]
    """As `tile_quality` says: how much blur may have to do with what a model makes of a tile."""
    background: Float[np.ndarray, " tiles"]
    """Share of empty glass."""
    tile_um: float
    """Side in microns."""

    @staticmethod
    def of(
        features: Float[Tensor, "tiles dim"],
        slides: Sequence[Mapping[str, np.ndarray]],
        about: Sequence[Mapping[str, Any]],
    ) -> "PlacedTiles":
        """From the cache's arrays and notes of each slide."""
        lengths = [len(slide["corner_um"]) for slide in slides]
        return PlacedTiles(
            features=features,
            slide=np.repeat(np.arange(len(slides)), lengths),
            corner_um=np.concatenate([slide["corner_um"] for slide in slides]),
            corner_px=np.concatenate([slide["corner_px"] for slide in slides]),
            side_px=np.repeat([note["side_px"] for note in about], lengths),
            sharpness=np.concatenate([slide["sharpness"] for slide in slides]),
            background=np.concatenate([slide["background"] for slide in slides]),
            tile_um=about[0]["tile_um"],
        )
