"""The contract of what turns tiles into features, once and without training."""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt8


@runtime_checkable
class PatchEncoder(Protocol):
    """Tiles -> features. Deterministic, row by row independent, and picklable.

    Called from several threads at a time.
    """

    name: str
    """As in the configuration."""
    mpp: float
    """Microns per pixel of the tiles that it takes."""
    tile_px: int
    """Side of these tiles in pixels."""

    @property
    def dim(self) -> int:
        """Features of a tile."""
        ...

    def __call__(self, tiles: UInt8[np.ndarray, "n h w 3"]) -> Float[np.ndarray, "n dim"]:
        """Features in float32, finite."""
        ...

    def spec(self) -> Mapping[str, Any]:
        """JSON-able identity for cache keys: changes whenever a feature could change."""
        ...
