"""A standard error by leaving out one patient after the other."""

from collections.abc import Callable

import numpy as np

from fusion.errors import UndefinedMetric
from fusion.statistics.draws import CELLS, FEWEST, Arrays, check_draws, resampler


def jackknife_se(statistic: Callable[..., float], arrays: Arrays) -> float:
    """√((n - 1) / n Σ (θ_i - mean θ)²), θ_i without patient i.

    For smooth statistics such as an AUC or a C-index, for which it is a little too large rather
    than too small; not for a median.

    Args:
        statistic: as in `bootstrap`; those that it is fast at are fast here.
        arrays: one row per patient.

    Raises:
        UndefinedMetric: without patients, or where the statistic has no value without one of them.
        ValueError: where arrays differ in length.

    Source: Efron and Stein 1981; Efron and Tibshirani 1993.

    Example:
        >>> round(jackknife_se(lambda x: float(x.mean()), [np.array([1.0, 2.0, 3.0])]), 6)
        0.57735
    """
    n = check_draws(arrays, 1, 0.95, None)
    values_of = resampler(statistic, arrays)
    size = max(FEWEST, CELLS // n)
    parts = []
    for start in range(0, n, size):
        rows = np.arange(start, min(n, start + size))
        counts = np.ones((len(rows), n), dtype=np.int64)
        counts[np.arange(len(rows)), rows] = 0
        parts.append(values_of(counts))
    values = np.concatenate(parts)
    if not np.isfinite(values).all():
        raise UndefinedMetric(
            f"jackknife: without patient in row {int(np.flatnonzero(~np.isfinite(values))[0])} of "
            f"{n} the statistic has no value"
        )
    return float(np.sqrt((n - 1) / n * ((values - values.mean()) ** 2).sum()))
