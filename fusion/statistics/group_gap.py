"""How far apart groups of patients are, and how far chance alone would put them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from fusion.errors import UndefinedMetric
from fusion.statistics.bootstrap import Interval
from fusion.statistics.draws import CELLS
from fusion.statistics.group_measures import Worst
from fusion.statistics.resampled_values import Resampled, Values


@dataclass(frozen=True)
class Gap:
    """How far apart the groups are in one measure."""

    measure: str
    worst: str
    """The group that is served worst: lowest, highest or farthest from 0, as the measure has it."""
    lowest: str
    highest: str
    value: float
    """Of the highest group minus the lowest."""
    low: float
    """Of that difference between these two groups; they were chosen for being far apart, so that
    it is p that tells whether there is a gap."""
    high: float
    p: float
    """Share of random regroupings with a gap as large: of the group not mattering at all."""


def gap(
    measure: str,
    values: Mapping[str, float],
    drawn: Mapping[str, Values],
    chance: Values,
    *,
    worst: Worst,
    level: float,
) -> Gap:
    """The gap between the highest and the lowest of several groups.

    Args:
        measure: its name.
        values: group -> value.
        drawn: group -> values in resamples of its patients.
        chance: gaps that regrouping gives.
        worst: which group is served worst.
        level: of the interval.

    Example:
        >>> found = gap("AUC", {"F": 0.9, "M": 0.7}, {"F": np.full(3, 0.9), "M": np.full(3, 0.7)},
        ...             np.array([0.1, 0.0, 0.3]), worst="lowest", level=0.95)
        >>> found.worst, round(found.value, 3), found.p
        ('M', 0.2, 0.5)
    """
    ordered = sorted(values, key=lambda name: values[name])
    low, high = ordered[0], ordered[-1]
    match worst:
        case "lowest":
            name = low
        case "highest":
            name = high
        case "farthest from 0":
            name = max(values, key=lambda name: abs(values[name]))
        case _:
            raise ValueError(f"worst {worst!r}: not a known rule")
    apart = values[high] - values[low]
    found = interval(apart, drawn[high] - drawn[low], level)
    defined = chance[~np.isnan(chance)]
    # one is added so that p is never 0; 1e-12 for sums in another order
    p = (1 + int((defined >= apart - 1e-12).sum())) / (1 + len(defined))
    return Gap(measure, name, low, high, apart, found.low, found.high, p)


def regrouped(
    values: Resampled, index: Int[np.ndarray, " n"], *, draws: int, seed: int
) -> Float[np.ndarray, " draws"]:
    """Highest minus lowest group when patients are dealt to groups of the same sizes at random.

    Args:
        values: the measure on all of these patients.
        index: group of each.
        draws: regroupings.
        seed: of them.

    Source: Good 2005.
    """
    generator = np.random.default_rng(seed)
    size = max(1, CELLS // len(index))
    gaps = []
    for start in range(0, draws, size):
        rows = np.tile(index, (min(size, draws - start), 1))
        shuffled = generator.permuted(rows, axis=1)
        each = np.stack([values((shuffled == g).astype(np.int64)) for g in np.unique(index)])
        gaps.append(each.max(axis=0) - each.min(axis=0))
    return np.concatenate(gaps)


def interval(value: float, drawn: Values, level: float) -> Interval:
    """Percentiles of resamples, those without a value counted.

    Raises:
        UndefinedMetric: where no resample has a value.

    Example:
        >>> interval(1.0, np.array([0.0, 2.0, np.nan]), 0.5)
        Interval(value=1.0, low=0.5, high=1.5, draws=3, undefined=1)
    """
    defined = drawn[~np.isnan(drawn)]
    if len(defined) == 0:
        raise UndefinedMetric(f"a measure has a value in none of {len(drawn)} resamples")
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high), len(drawn), len(drawn) - len(defined))
