"""How much tissue lies in each square of a grid."""

import cv2
import numpy as np
from jaxtyping import Bool, Float, Int32

from fusion.data.prepare.tissue_grid import MASK_MPP


def tissue_share(
    mask: Bool[np.ndarray, "h w"],
    x_um: Float[np.ndarray, " columns"],
    y_um: Float[np.ndarray, " rows"],
    side_um: float,
) -> Float[np.ndarray, "rows columns"]:
    """Share of tissue in each square of a grid, exact where its edges cut through mask pixels.

    Between the nodes of a summed-area table (Crow 1984) sums are straight lines along each axis,
    so linear interpolation is exact.

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
    table = cv2.integral(mask.view(np.uint8))
    down = _between(table, y_um, side_um)
    return _between(down.T, x_um, side_um).T / (side_um / MASK_MPP) ** 2


def _between(
    table: Int32[np.ndarray, "nodes n"] | Float[np.ndarray, "nodes n"],
    start_um: Float[np.ndarray, " places"],
    side_um: float,
) -> Float[np.ndarray, "places n"]:
    """How much the table grows along its first axis, from each start to a side beyond it."""

    def read(place_um: Float[np.ndarray, " places"]) -> Float[np.ndarray, "places n"]:
        place = np.clip(place_um / MASK_MPP, 0, len(table) - 1)
        node = np.minimum(place.astype(int), len(table) - 2)
        part = (place - node)[:, None]
        below = table[node].astype(np.float64)
        return below + part * (table[node + 1] - below) if part.any() else below

    return read(start_um + side_um) - read(start_um)
