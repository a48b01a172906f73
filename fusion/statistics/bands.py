"""Ages as groups."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Shaped

NOT_KNOWN = "not known"
"""The group of patients without an age."""


def age_bands(age_years: Float[np.ndarray, " n"], edges: Sequence[int]) -> Shaped[np.ndarray, " n"]:
    """The band of each patient, for `fairness`; NaN is a group of its own.

    Args:
        age_years: NaN where it is not known.
        edges: first year of each band but the lowest, increasing.

    Raises:
        ValueError: for edges that do not increase, none, or an age below 0 or infinite.

    Example:
        >>> age_bands(np.array([39.9, 40.0, 71.0, np.nan]), [40, 60]).tolist()
        ['under 40', '40 to 59', '60 and over', 'not known']
    """
    if len(edges) == 0 or any(b <= a for a, b in pairwise(edges)):
        raise ValueError(f"edges {list(edges)}: expected one or more, increasing")
    known = ~np.isnan(age_years)
    bad = known & ((age_years < 0) | np.isinf(age_years))
    if bad.any():
        row = int(np.argmax(bad))
        raise ValueError(f"age {age_years[row]} in row {row}: expected years, 0 or more")
    middle = [f"{a} to {b - 1}" for a, b in pairwise(edges)]
    names = np.array([f"under {edges[0]}", *middle, f"{edges[-1]} and over", NOT_KNOWN])
    band = np.digitize(age_years, edges)
    return names[np.where(known, band, len(edges) + 1)]
