"""Grain, orientation and empty space of a batch of stain planes."""

import numpy as np
from jaxtyping import Bool, Float
from scipy import ndimage

from fusion.data.prepare.patch_encoders.stains import shrink

SCALES = 4
"""Halvings of the working resolution whose energy is measured."""

_FAINT = 1e-5
"""Gradient energy of an empty tile: below, there is no orientation to speak of."""

_SMALLEST_LUMEN_UM2 = 100.0
_IN_PLANE = np.zeros((3, 3, 3), dtype=bool)
_IN_PLANE[1] = ndimage.generate_binary_structure(2, 1)


def grain(plane: Float[np.ndarray, "n h w"], halvings: int) -> list[Float[np.ndarray, " n"]]:
    """Standard deviation that is lost at each halving: the energy of each Haar scale.

    Example:
        >>> board = np.indices((4, 4)).sum(0)[None] % 2 * 1.0
        >>> [value.tolist() for value in grain(board, 2)]
        [[0.5], [0.0]]
    """
    out = []
    for _ in range(halvings):
        plane = plane[:, : plane.shape[1] // 2 * 2, : plane.shape[2] // 2 * 2]
        half = shrink(plane, 2)
        lost = np.square(plane).mean(axis=(1, 2)) - np.square(half).mean(axis=(1, 2))
        out.append(np.sqrt(np.maximum(lost, 0)))
        plane = half
    return out


def orientation(
    plane: Float[np.ndarray, "n h w"], window: float
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Strength of edges, and how parallel they are within a window (0 to 1).

    Coherence of the structure tensor (Bigun and Granlund 1987), weighted by its energy.

    Args:
        plane: stain density.
        window: side of the window in pixels.
    """
    smooth = ndimage.gaussian_filter(plane, (0, 1, 1))
    dy, dx = smooth[:, 2:, 1:-1] - smooth[:, :-2, 1:-1], smooth[:, 1:-1, 2:] - smooth[:, 1:-1, :-2]
    size = (0, round(window), round(window))
    xx, yy, xy = (ndimage.uniform_filter(v, size) for v in (dx * dx, dy * dy, dx * dy))
    energy = (xx + yy).mean(axis=(1, 2))
    parallel = np.sqrt((xx - yy) ** 2 + 4 * xy**2).mean(axis=(1, 2))
    return np.sqrt(np.maximum(energy, 0)), parallel / (energy + _FAINT)


def lumina(
    empty: Bool[np.ndarray, "n h w"], um: float
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Share of empty pixels, lumina per 0.01 mm2, and the largest one's share of the tile."""
    n, height, width = empty.shape
    labels, found = ndimage.label(empty, structure=_IN_PLANE)
    pixels = np.bincount(labels.ravel(), minlength=found + 1)[1:]
    owner = np.zeros(found, dtype=int)
    where = np.nonzero(empty)
    owner[labels[where] - 1] = where[0]
    large = pixels * um**2 >= _SMALLEST_LUMEN_UM2
    count = np.bincount(owner[large], minlength=n)
    largest = np.zeros(n)
    np.maximum.at(largest, owner, pixels / (height * width))
    return empty.mean(axis=(1, 2)), count / (height * width * um**2 * 1e-4), largest
