"""Rows of numbers that are nearly equal: one measurement, written down twice."""

import numpy as np
from jaxtyping import Bool, Float
from sklearn.neighbors import NearestNeighbors

TOLERANCE = 0.01
"""Of a column's standard deviation: rounding, another format, another resampling."""

AGREE = 0.95
"""Share of the columns known in both rows that must agree."""

FEWEST = 6
"""Columns that must be known in both."""

HELD_BY = 3
"""A value that so many rows share says nothing of whose it is: a default, an imputed median."""

NEIGHBOURS = 5
"""Of each row, that are looked at closely."""


def near_pairs(x: Float[np.ndarray, "n d"]) -> list[tuple[int, int, float]]:
    """Pairs of rows that agree in nearly all columns, with the share of these.

    Only columns count in which hardly any value is repeated: two patients may well have the same
    sex, mutations and age. NaN is not known, and agrees with nothing.

    Args:
        x: one row per patient.

    Example:
        >>> x = np.random.default_rng(0).normal(size=(30, 10))
        >>> x[7] = x[2].round(3)
        >>> near_pairs(x)
        [(2, 7, 1.0)]
    """
    if len(x) < 2:
        return []
    z = _informative(x[:, continuous(x)])
    known = np.isfinite(z)
    if z.shape[1] < FEWEST:
        return []
    search = NearestNeighbors(n_neighbors=min(NEIGHBOURS + 1, len(z))).fit(
        np.where(known, z, 0.0).clip(-4, 4)
    )
    near = search.kneighbors(return_distance=False, n_neighbors=min(NEIGHBOURS, len(z) - 1))
    pairs = sorted({(min(i, int(j)), max(i, int(j))) for i, js in enumerate(near) for j in js})
    found = []
    for i, j in pairs:
        both = known[i] & known[j]
        if both.sum() >= FEWEST:
            share = float((np.abs(z[i, both] - z[j, both]) <= TOLERANCE).mean())
            if share >= AGREE:
                found.append((i, j, share))
    return found


def continuous(x: Float[np.ndarray, "n d"]) -> Bool[np.ndarray, " d"]:
    """Columns in which most known values stand in one or two rows only, and which vary at all."""
    out = np.zeros(x.shape[1], dtype=bool)
    spread = np.zeros(x.shape[1])
    for column in range(x.shape[1]):
        values = x[np.isfinite(x[:, column]), column]
        if len(values) < 2:
            continue
        counts = np.unique(values, return_counts=True)[1]
        out[column] = counts[counts < HELD_BY].sum() >= len(values) / 2
        spread[column] = values.std()
    usual = np.median(spread[out]) if out.any() else 0.0
    return out & (spread > 1e-3 * usual)  # below, it is the rounding of a constant


def _informative(x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
    """In standard deviations; NaN where nothing is known, or the value is one of many rows."""
    z = np.full(x.shape, np.nan)
    for column in range(x.shape[1]):
        _, inverse, counts = np.unique(x[:, column], return_inverse=True, return_counts=True)
        own = np.isfinite(x[:, column]) & (counts[inverse] < HELD_BY)
        known = x[np.isfinite(x[:, column]), column]
        z[own, column] = (x[own, column] - known.mean()) / known.std()
    return z
