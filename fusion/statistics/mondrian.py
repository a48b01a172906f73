"""Conformal thresholds by group: by class or by centre."""

import numpy as np
from jaxtyping import Float, Shaped

from fusion.errors import UndefinedMetric
from fusion.statistics.conformal import conformal_threshold


def mondrian_thresholds(
    scores: Float[np.ndarray, " n"], group: Shaped[np.ndarray, " n"], *, alpha: float
) -> dict[str, float]:
    """A threshold for each group, so that the promise holds within it.

    Grouped by class: a rare class is missed as seldom as a frequent one. By centre: each centre
    gets the sets it needs. A group of fewer than 1 / alpha - 1 patients has infinity: all classes.

    Args:
        scores: of the true class, of calibration patients.
        group: of each; names are turned into text.
        alpha: as in `conformal_threshold`.

    Source: Vovk et al. 2003.

    Example:
        >>> mondrian_thresholds(np.array([1.0, 2.0, 3.0]), np.array(["A", "A", "B"]), alpha=0.4)
        {'A': 2.0, 'B': inf}
    """
    return {
        str(name): conformal_threshold(scores[group == name], alpha=alpha)
        for name in np.unique(group)
    }


def thresholds_of(
    thresholds: dict[str, float], group: Shaped[np.ndarray, " n"]
) -> Float[np.ndarray, "n 1"]:
    """Each patient's threshold, for `prediction_sets`.

    By class, take `np.array([thresholds[str(c)] for c in range(k)])[None]` instead: a column each.

    Raises:
        UndefinedMetric: for a group that has none: nothing is promised to a new centre.

    Example:
        >>> thresholds_of({"A": 0.5, "B": 0.7}, np.array(["B", "A"])).tolist()
        [[0.7], [0.5]]
    """
    unknown = sorted({str(g) for g in group} - set(thresholds))
    if unknown:
        raise UndefinedMetric(
            f"no calibration patient in {unknown}, only in {sorted(thresholds)}; use one threshold "
            f"for all and say that coverage is not promised there"
        )
    return np.array([[thresholds[str(g)]] for g in group], dtype=np.float64)
