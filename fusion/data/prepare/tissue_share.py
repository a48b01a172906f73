"""How much tissue lies in each square of a grid."""

import numpy as np
from jaxtyping import Bool, Float

from fusion.data.prepare.tissue_grid import MASK_MPP


def tissue_share(
    mask: Bool[np.ndarray, "h w"],
    x_um: Float[np.ndarray, " columns"],
    y_um: Float[np.ndarray, " rows"],
    side_um: float,
) -> Float[np.ndarray, "rows columns"]:
    """Share of tissue in each square of a grid, exact where its edges cut through mask pixels.

    The mask is summed along one axis, read at the edges of the grid, and summed along the other:
    between its nodes a running sum is a straight line, so linear interpolation is exact.

    Args:
        mask: a pixel is `MASK_MPP` microns.
        x_um: left edges.
        y_um: top edges.
        side_um: of the squares.

    Example:
        >>> mask = np.array([[True, False]])
        >>> tissue_share(mask, np.array([0.0, 4.0]), np.array([0.0]), 8.0).tolist()
        [[1.0, 0.5]]
    """
    across = _summed(mask, x_um, side_um)
    return _summed(across.T, y_um, side_um).T / (side_um / MASK_MPP) ** 2


def _summed(
    values: Bool[np.ndarray, "h w"] | Float[np.ndarray, "h w"],
    start_um: Float[np.ndarray, " places"],
    side_um: float,
) -> Float[np.ndarray, "h places"]:
    """Along the last axis, from each start to a side beyond it."""
    kind = np.int32 if values.dtype == bool else np.float64
    running = np.zeros((values.shape[0], values.shape[1] + 1), dtype=kind)
    np.cumsum(values, axis=1, out=running[:, 1:], dtype=kind)

    def read(place_um: Float[np.ndarray, " places"]) -> Float[np.ndarray, "h places"]:
        place = np.clip(place_um / MASK_MPP, 0, values.shape[1])
        node = np.minimum(place.astype(int), values.shape[1] - 1)
        part = place - node
        below = running[:, node].astype(np.float64)
        return below + part * (running[:, node + 1] - below) if part.any() else below

    return read(start_um + side_um) - read(start_um)
