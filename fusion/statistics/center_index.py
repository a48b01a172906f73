"""The C-index, or the mean AUC of several classes, of each centre, ready to be pooled."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Int, Shaped
from scipy.special import expit, logit

from fusion.errors import UndefinedMetric
from fusion.statistics.center_auc import CenterAuc
from fusion.statistics.draws import Arrays
from fusion.statistics.estimate import quantile
from fusion.statistics.jackknife import jackknife_se


def center_indices(
    statistic: Callable[..., float],
    arrays: Arrays,
    center: Shaped[np.ndarray, " n"],
    *,
    kind: Int[np.ndarray, " n"],
    wanted: Sequence[int],
    noun: str,
    minimum: int = 10,
    level: float = 0.95,
) -> list[CenterAuc]:
    """A ranking statistic between 0 and 1 by centre, in the order of names; no centre is dropped.

    A centre that lacks patients of a wanted kind is returned with the reason in `left_out`: a mean
    over other classes, or a C-index of a handful of events, is not the same quantity. Pool with
    `pool_aucs`.

    Args:
        statistic: of the arrays, such as `harrell_c` or `macro_auc`.
        arrays: one row per patient.
        center: of each patient.
        kind: what each patient is: 1 for an event, or a class.
        wanted: kinds of which a centre needs `minimum` patients each.
        noun: what is counted, for the reason.
        minimum: patients of each wanted kind.
        level: of the intervals.

    Raises:
        ValueError: where lengths differ.

    Source: Snell et al. 2018 (logit of the C-index); Efron and Stein 1981 (its standard error).

    Example:
        >>> from fusion.metrics.concordance import harrell_c
        >>> generator = np.random.default_rng(0)
        >>> days, event = generator.exponential(9, 60), np.full(60, True)
        >>> arrays = [-days + 9 * generator.normal(size=60), days, event]
        >>> a, b = center_indices(harrell_c, arrays, np.repeat(["A", "B"], [52, 8]),
        ...                       kind=event.astype(int), wanted=[1], noun="events")
        >>> a.positives, 0.5 < a.low < a.value < a.high < 1, b.left_out
        (52, True, '8 events, fewer than 10')
    """
    if any(len(x) != len(center) for x in (*arrays, kind)):
        lengths = [len(x) for x in (*arrays, kind, center)]
        raise ValueError(f"arrays, kind and center have lengths {lengths}, expected one row each")
    found = []
    for name in np.unique(center):
        rows = center == name
        rarest = min(int((kind[rows] == k).sum()) for k in wanted)
        row = CenterAuc(str(name), int(rows.sum()), rarest)
        if rarest < minimum:
            row = replace(row, left_out=f"{rarest} {noun}, fewer than {minimum}")
        found.append(_filled(row, statistic, [x[rows] for x in arrays], level))
    return found


def _filled(
    row: CenterAuc, statistic: Callable[..., float], arrays: Arrays, level: float
) -> CenterAuc:
    try:
        value = float(statistic(*arrays))
        se = jackknife_se(statistic, arrays)
    except UndefinedMetric as error:
        return replace(row, left_out=row.left_out or str(error))
    row = replace(row, value=value, se=se)
    if se == 0 or not 0 < value < 1:
        return replace(row, left_out=row.left_out or f"a value of {value:g} has no standard error")
    half = quantile(level) * se / (value * (1 - value))
    low, high = (float(expit(logit(value) + side * half)) for side in (-1, 1))
    return replace(row, low=low, high=high)
