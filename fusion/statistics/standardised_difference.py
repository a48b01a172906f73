"""How far two groups of patients lie apart in one variable, in units of its spread."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Shaped


def standardised_difference(a: Float[np.ndarray, " n"], b: Float[np.ndarray, " m"]) -> float:
    """Of the means: `|mean(a) - mean(b)| / sqrt((var(a) + var(b)) / 2)`, with n - 1.

    NaN where a group has fewer than two values, or nothing varies and the means differ.

    Source: Austin 2009, Balance diagnostics for comparing the distribution of baseline covariates.

    Example:
        >>> round(standardised_difference(np.array([1.0, 2, 3]), np.array([2.0, 3, 4])), 6)
        1.0
    """
    if min(len(a), len(b)) < 2:
        return float("nan")
    gap = abs(float(a.mean() - b.mean()))
    spread = float(np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2))
    return _ratio(gap, spread)


def standardised_difference_of_classes(
    a: Shaped[np.ndarray, " n"], b: Shaped[np.ndarray, " m"], classes: Sequence[str]
) -> float:
    """Of the shares of all classes at once; with two it is that of a share.

    `sqrt(d' S^-1 d)` for the differences d of all shares but one, S being the mean of the two
    multinomial covariances; classes that nobody has are left out.

    Args:
        a: class of each patient of one group.
        b: of the other.
        classes: all that there are; every value is one of them.

    Source: Yang and Dalton 2012, A unified approach to measuring the effect size between two
    groups.

    Example:
        >>> men = np.array(["F", "M", "M", "M"]), np.array(["F", "F", "M", "M"])
        >>> round(standardised_difference_of_classes(*men, ["F", "M"]), 4)
        0.5345
    """
    if min(len(a), len(b)) == 0:
        return float("nan")
    shares = np.array([[np.mean(group == c) for c in classes] for group in (a, b)])
    p, q = shares[:, shares.any(axis=0)][:, 1:]
    covariance = (np.diag(p) - np.outer(p, p) + np.diag(q) - np.outer(q, q)) / 2
    if np.array_equal(p, q):
        return 0.0
    if np.linalg.matrix_rank(covariance) < len(p):
        return float("nan")
    return float(np.sqrt((p - q) @ np.linalg.solve(covariance, p - q)))


def _ratio(gap: float, spread: float) -> float:
    if gap == 0:
        return 0.0
    return gap / spread if spread > 0 else float("nan")
