"""Uno's C-index, which does not depend on who was censored."""

import numpy as np
from jaxtyping import Bool, Float, Int

from fusion.errors import UndefinedMetric
from fusion.metrics.censoring import Censoring
from fusion.metrics.check import finite
from fusion.metrics.concordance import partners

_CELLS = 4_000_000
"""Pairs that are held at once."""


def uno_c(
    risk: Float[np.ndarray, " n"],
    time_days: Float[np.ndarray, " n"],
    event: Bool[np.ndarray, " n"],
    *,
    until_days: float,
    censoring: Censoring,
) -> float:
    """Harrell's C of the events before a day, each weighted by 1 / G(its time)^2.

    G is the probability of being followed up so long. Long follow-ups are rarer than long lives,
    so Harrell's C is mostly about early events, and the more so the earlier patients are censored;
    the weights undo that.

    Args:
        risk: larger is worse.
        time_days: until the event, or until last seen.
        event: True where the event was seen.
        until_days: only events before count: late ones would have weights beyond measure.
        censoring: fitted on training patients.

    Raises:
        UndefinedMetric: without a comparable pair, or where nobody in the training follow-up is
            uncensored by the day of an event.

    Source: Uno, Cai, Pencina, D'Agostino and Wei, Statistics in Medicine 2011.

    Example:
        >>> days, event = np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, False, True, False])
        >>> curve = Censoring.fit(days, event)
        >>> risk = np.array([4.0, 3.0, 1.0, 2.0])
        >>> round(uno_c(risk, days, event, until_days=4.0, censoring=curve), 4)
        0.5714
    """
    order, rows, start, weight = weighted_events(
        time_days, event, until_days=until_days, censoring=censoring
    )
    risk = finite("risk", risk)[order]
    concordant, comparable = 0.0, float((weight * (len(risk) - start)).sum())
    for block in np.array_split(np.arange(len(rows)), 1 + len(rows) * len(risk) // _CELLS):
        later = np.arange(len(risk)) >= start[block, None]
        pairs = later * (1 + np.sign(risk[rows[block], None] - risk)) / 2
        concordant += float(weight[block] @ pairs.sum(axis=1))
    if comparable == 0:
        raise UndefinedMetric(
            f"Uno's C: no comparable pair among {len(risk)} patients with {len(rows)} events "
            f"before day {until_days:g}"
        )
    return concordant / comparable


def weighted_events(
    time_days: Float[np.ndarray, " n"],
    event: Bool[np.ndarray, " n"],
    *,
    until_days: float,
    censoring: Censoring,
) -> tuple[
    Int[np.ndarray, " n"],
    Int[np.ndarray, " events"],
    Int[np.ndarray, " events"],
    Float[np.ndarray, " events"],
]:
    """An order of the rows; of the events before the day, place, first partner and weight in it.

    Raises:
        UndefinedMetric: where a weight would be infinite.
    """
    time_days = finite("time_days", time_days)
    order, start = partners(time_days, event)
    rows = np.flatnonzero(event[order] & (time_days[order] < until_days))
    followed = censoring(time_days[order][rows]) if len(rows) else np.ones(0)
    if (followed == 0).any():
        raise UndefinedMetric(
            f"Uno's C before day {until_days:g}: nobody in the training follow-up is uncensored by "
            "the day of an event; choose an earlier last horizon"
        )
    return order, rows, start[rows], followed**-2.0
