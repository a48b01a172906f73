"""Percentile intervals by resampling patients."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Shaped

from fusion.errors import UndefinedMetric
from fusion.metrics.concordance import harrell_c
from fusion.statistics.resampled import FAST, GEMM_LIMIT

Arrays = Sequence[Shaped[np.ndarray, "..."]]
"""What a statistic takes; row i of each belongs to the same patient."""

CELLS = 2_000_000
"""Resamples x rows that are held at once."""


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

    `auc`, `macro_auc` and `harrell_c` are computed for all resamples at once, with the values
    that the loop gives.

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
    rows = _check(arrays, draws, level, groups)
    value = float(statistic(*arrays))
    values = np.concatenate(
        [_values(statistic, arrays, counts) for counts in _counts(rows, draws, seed, groups)]
    )
    low, high = _percentiles(values, level)
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
    rows = _check([*arrays_a, *arrays_b], draws, level, groups)
    value = float(statistic(*arrays_a)) - float(statistic(*arrays_b))
    chunks = [
        _values(statistic, arrays_a, counts) - _values(statistic, arrays_b, counts)
        for counts in _counts(rows, draws, seed, groups)
    ]
    values = np.concatenate(chunks)
    low, high = _percentiles(values, level)
    defined = values[~np.isnan(values)]
    side = min(int((defined <= 0).sum()), int((defined >= 0).sum()))
    p = min(1.0, 2 * (side + 1) / (len(defined) + 1))
    return Difference(value, low, high, p, draws, len(values) - len(defined))


def _check(
    arrays: Arrays, draws: int, level: float, groups: Shaped[np.ndarray, " rows"] | None
) -> int:
    lengths = [len(x) for x in arrays] + ([len(groups)] if groups is not None else [])
    if len(set(lengths)) != 1:
        raise ValueError(f"arrays and groups have lengths {lengths}, expected one row per patient")
    if draws < 1 or not 0 < level < 1:
        raise ValueError(f"draws {draws} and level {level}: expected >= 1 and between 0 and 1")
    if lengths[0] == 0:
        raise UndefinedMetric("bootstrap: no patient")
    return lengths[0]


def _counts(
    rows: int, draws: int, seed: int, groups: Shaped[np.ndarray, " rows"] | None
) -> Iterator[Int[np.ndarray, "chunk n"]]:
    """How often each row is drawn, a chunk of resamples at a time to bound memory."""
    patient = np.arange(rows) if groups is None else np.unique(groups, return_inverse=True)[1]
    patients = int(patient.max()) + 1
    generator = np.random.default_rng(seed)
    chunk = max(1, CELLS // rows)
    for start in range(0, draws, chunk):
        size = min(chunk, draws - start)
        drawn = generator.integers(patients, size=(size, patients))
        drawn += patients * np.arange(size)[:, None]
        counts = np.bincount(drawn.reshape(-1), minlength=size * patients)
        yield counts.reshape(size, patients)[:, patient]


def _values(
    statistic: Callable[..., float], arrays: Arrays, counts: Int[np.ndarray, "chunk n"]
) -> Float[np.ndarray, " chunk"]:
    """The statistic in each resample, NaN where it is undefined."""
    fast = FAST.get(statistic)
    if fast is not None and not (statistic is harrell_c and counts.shape[1] > GEMM_LIMIT):
        return fast(counts, *arrays)
    return np.array([_one(statistic, arrays, row) for row in counts])


def _one(statistic: Callable[..., float], arrays: Arrays, counts: Int[np.ndarray, " n"]) -> float:
    rows = np.repeat(np.arange(len(counts)), counts)
    try:
        value = float(statistic(*(x[rows] for x in arrays)))
    except UndefinedMetric:
        return np.nan
    if not np.isfinite(value):
        raise ValueError(f"the statistic returned {value}; raise UndefinedMetric for no value")
    return value


def _percentiles(values: Float[np.ndarray, " draws"], level: float) -> tuple[float, float]:
    defined = values[~np.isnan(values)]
    if len(defined) == 0:
        raise UndefinedMetric(f"the statistic has a value in none of {len(values)} resamples")
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
