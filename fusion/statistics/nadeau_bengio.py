"""Compare two ways of learning over repeated folds, whose training parts overlap."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.stats import t

from fusion.errors import UndefinedMetric
from fusion.metrics.check import finite
from fusion.statistics.estimate import quantile


@dataclass(frozen=True)
class FoldDifference:
    """A minus B, averaged over folds."""

    value: float
    low: float
    high: float
    t: float
    p: float
    """Two-sided, of no difference."""
    folds: int


def corrected_t(
    differences: Float[np.ndarray, " folds"], *, test_share: float, level: float = 0.95
) -> FoldDifference:
    """Nadeau and Bengio's corrected resampled t-test.

    The variance of the mean is (1 / J + test / train) s² instead of s² / J: folds share most of
    their training patients, so that J of them know far less than J cohorts would. t on J - 1.

    Args:
        differences: metric of A minus metric of B in each fold of each repetition; both have
            the same folds.
        test_share: patients tested over patients trained on, 1 / (k - 1) for k folds.
        level: of the interval.

    Raises:
        UndefinedMetric: with fewer than two folds, or where all differ by the same.
        ValueError: where a difference is not finite, or the share is not above 0.

    Source: Nadeau and Bengio 2003; Bouckaert and Frank 2004 (repeated folds).

    Example:
        >>> found = corrected_t(np.array([0.02, 0.05, -0.01, 0.04, 0.03]), test_share=1 / 4)
        >>> round(found.t, 4), round(found.p, 4)
        (1.6836, 0.1676)
    """
    differences = finite("differences", differences)
    folds = len(differences)
    if not test_share > 0:
        raise ValueError(f"test_share {test_share}: expected above 0, patients tested over trained")
    quantile(level)
    if folds < 2 or np.ptp(differences) == 0:
        raise UndefinedMetric(
            f"corrected t: {folds} folds with {len(np.unique(differences))} different values, "
            "expected two or more"
        )
    value = float(differences.mean())
    se = float(np.sqrt((1 / folds + test_share) * differences.var(ddof=1)))
    half = float(t.ppf((1 + level) / 2, folds - 1)) * se
    p = float(2 * t.sf(abs(value) / se, folds - 1))
    return FoldDifference(value, value - half, value + half, value / se, p, folds)
