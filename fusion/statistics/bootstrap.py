"""Percentile intervals by resampling patients."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Shaped

from fusion.errors import UndefinedMetric
from fusion.statistics.draws import Arrays, check_draws, drawn_counts, resampler


@dataclass(frozen=True)
class Interval:
    """A value and where it may lie."""

    value: float
    """On the patients as they are."""
    low: float
    high: float
    draws: int
    """Resamples made."""
    undefined: int
    """Those in which the statistic had no value; the interval is from the others."""


@dataclass(frozen=True)
class Difference:
    """A minus B, on the same patients."""

    value: float
    low: float
    high: float
    p: float
    """Two-sided, of no difference."""
    draws: int
    undefined: int


def bootstrap(
    statistic: Callable[..., float],
    arrays: Arrays,
    *,
    draws: int = 1000,
    level: float = 0.95,
    seed: int,
    groups: Shaped[np.ndarray, " rows"] | None = None,
) -> Interval:
    """Percentile interval of a statistic.

    Metrics in `fusion.statistics.resampled.FAST`, also as `functools.partial` with named
    arguments, are computed for all resamples at once, with the values that the loop gives.

    Args:
        statistic: takes the arrays and returns a number, or raises `UndefinedMetric`; the order
            of the rows must not matter to it.
        arrays: one row per patient, or several with `groups`.
        draws: resamples.
        level: of the interval, between 0 and 1.
        seed: of the resamples.
        groups: whose each row is, where patients have several; patients are drawn whole.

    Raises:
        UndefinedMetric: where the statistic has no value on the patients as they are, or in no
            resample.
        ValueError: where arrays differ in length, or draws or level are out of range.

    Source: Efron and Tibshirani 1993.

    Example:
        >>> values = np.arange(100.0)
        >>> interval = bootstrap(lambda x: float(x.mean()), [values], seed=0)
        >>> interval.value, 40 < interval.low < 47, 52 < interval.high < 59, interval.undefined
        (49.5, True, True, 0)
    """
    rows = check_draws(arrays, draws, level, groups)
    value = float(statistic(*arrays))
    resamples = drawn_counts(rows, draws, seed, groups)
    values = np.concatenate([*map(resampler(statistic, arrays), resamples)])
    low, high = percentiles(values, level)
    return Interval(value, low, high, draws, int(np.isnan(values).sum()))


def paired_bootstrap(
    statistic: Callable[..., float],
    arrays_a: Arrays,
    arrays_b: Arrays,
    *,
    draws: int = 1000,
    level: float = 0.95,
    seed: int,
    groups: Shaped[np.ndarray, " rows"] | None = None,
) -> Difference:
    """Interval and p-value of statistic(A) - statistic(B), both on the same resamples.

    p is twice the smaller share of resamples on one side of zero, zero itself counting for
    both, with one added so that it is never 0.

    Args:
        statistic: as in `bootstrap`.
        arrays_a: one model's, one row per patient.
        arrays_b: the other's; row i is the same patient.
        draws: resamples.
        level: of the interval, between 0 and 1.
        seed: of the resamples.
        groups: whose each row is, where patients have several.

    Raises:
        UndefinedMetric: as in `bootstrap`; a resample counts where both have a value.
        ValueError: where arrays differ in length, or draws or level are out of range.

    Source: Efron and Tibshirani 1993; Davison and Hinkley 1997 (the one that is added).

    Example:
        >>> a, b = np.arange(20.0), np.arange(20.0)
        >>> paired_bootstrap(lambda x: float(x.mean()), [a], [b], seed=0).p
        1.0
    """
    rows = check_draws([*arrays_a, *arrays_b], draws, level, groups)
    value = float(statistic(*arrays_a)) - float(statistic(*arrays_b))
    of_a, of_b = resampler(statistic, arrays_a), resampler(statistic, arrays_b)
    resamples = drawn_counts(rows, draws, seed, groups)
    values = np.concatenate([of_a(counts) - of_b(counts) for counts in resamples])
    low, high = percentiles(values, level)
    undefined = int(np.isnan(values).sum())
    return Difference(value, low, high, two_sided(values), draws, undefined)


def two_sided(values: Float[np.ndarray, " draws"]) -> float:
    """P of no difference: twice the smaller share on one side of zero, one added.

    Example:
        >>> two_sided(np.array([0.1, 0.2, 0.3, -0.1, np.nan]))
        0.8
    """
    defined = values[~np.isnan(values)]
    side = min(int((defined <= 0).sum()), int((defined >= 0).sum()))
    return min(1.0, 2 * (side + 1) / (len(defined) + 1))


def percentiles(values: Float[np.ndarray, " draws"], level: float) -> tuple[float, float]:
    """The middle `level` of the resamples that have a value."""
    defined = values[~np.isnan(values)]
    if len(defined) == 0:
        raise UndefinedMetric(f"the statistic has a value in none of {len(values)} resamples")
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
