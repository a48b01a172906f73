"""The convex outline of the pixels of a plane."""

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial import ConvexHull

Points = Float[np.ndarray, "points 2"]

TINY = 1e-9
"""Below this, in millimetres or of an edge's length, is rounding."""


def corners(pixels: Bool[np.ndarray, "u v"]) -> Float[np.ndarray, "points 2"]:
    """Corners of the pixels, in pixels from the corner of the array's first one.

    Only the first and the last pixel of each row give corners: no other can be on the hull.

    Example:
        >>> sorted(map(tuple, corners(np.array([[True]])).tolist()))
        [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)]
    """
    rows = np.flatnonzero(pixels.any(axis=1))
    first = pixels[rows].argmax(axis=1)
    last = pixels.shape[1] - pixels[rows, ::-1].argmax(axis=1)
    ends = [(rows + down, side) for down in (0, 1) for side in (first, last)]
    return np.concatenate([np.stack(end, axis=1) for end in ends]).astype(np.float64)


def hull(points: Points) -> Float[np.ndarray, "vertices 2"]:
    """Vertices of the convex hull, counter-clockwise.

    Example:
        >>> len(hull(corners(np.ones((3, 4), dtype=bool))))
        4
    """
    return points[ConvexHull(points).vertices]


def widest_chord(outline: Points, direction: Float[np.ndarray, "2"]) -> tuple[float, float]:
    """The longest line through a convex outline in a direction: its length, and where it lies.

    The length of a chord is a concave function of where it lies and bends at vertices only, so
    that the longest passes through one. Of several, that nearest to the middle of their range.

    Args:
        outline: vertices of a convex polygon, in order.
        direction: of unit length.

    Returns:
        Length, and offset along the direction turned by -90 degrees.

    Example:
        >>> box = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 3.0], [0.0, 3.0]])
        >>> widest_chord(box, np.array([0.0, 1.0]))
        (3.0, 2.0)
    """
    across = outline @ np.array([direction[1], -direction[0]])
    along = outline @ direction
    far, high = np.roll(across, -1), np.roll(along, -1)
    run = far - across
    level = np.abs(run) < TINY
    share = (across[:, None] - across) / np.where(level, 1.0, run)
    # an edge along the direction tells nothing that its neighbours do not
    met = (share >= -TINY) & (share <= 1 + TINY) & ~level
    height = along + share * (high - along)
    lengths = np.where(met, height, -np.inf).max(axis=1) - np.where(met, height, np.inf).min(axis=1)
    longest = lengths.max()
    there = across[lengths >= longest - TINY]
    return float(longest), float((there.min() + there.max()) / 2)
