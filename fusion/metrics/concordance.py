"""Harrell's C-index in O(n log n)."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from fusion.errors import UndefinedMetric
from fusion.metrics.check import finite


class Pairs(NamedTuple):
    """Comparable pairs, counted."""

    concordant: int
    discordant: int
    tied: int
    """Of equal risk."""


def harrell_c(
    risk: Float[np.ndarray, " n"],
    time_days: Float[np.ndarray, " n"],
    event: Bool[np.ndarray, " n"],
) -> float:
    """Share of comparable pairs in which the patient with the earlier event has the higher risk.

    A pair is comparable if one had the event while the other was still followed up, the day of
    the event included; two events on one day are not. Equal risks count one half.

    Args:
        risk: larger is worse.
        time_days: until the event, or until last seen.
        event: True where the event was seen.

    Raises:
        UndefinedMetric: without an event, or without a comparable pair.

    Source: Harrell et al. 1982; 1996.

    Example:
        >>> days, event = np.array([5.0, 5.0, 9.0]), np.array([True, False, True])
        >>> harrell_c(np.array([3.0, 1.0, 3.0]), days, event)
        0.75
    """
    pairs = concordance_pairs(risk, time_days, event)
    if sum(pairs) == 0:
        raise UndefinedMetric(
            f"C-index: no comparable pair among {len(risk)} patients with {int(event.sum())} events"
        )
    return (2 * pairs.concordant + pairs.tied) / (2 * sum(pairs))


def concordance_pairs(
    risk: Float[np.ndarray, " n"],
    time_days: Float[np.ndarray, " n"],
    event: Bool[np.ndarray, " n"],
) -> Pairs:
    """Count comparable pairs exactly.

    Sorted by day, events first, the partners of an event are all rows after the events of its
    day: a suffix. How many in a suffix lie below a value is what a wavelet matrix answers, one
    bit of the rank of the risk at a time, for all events at once.

    Source of the structure: Claude, Navarro and Ordóñez, Information Systems 2015.
    """
    risk, time_days = finite("risk", risk), finite("time_days", time_days)
    order, start = partners(time_days, event)
    values = np.unique(risk[order], return_inverse=True)[1].reshape(-1)
    query, low = values[event[order]], start[event[order]]
    high = np.full_like(low, len(values))
    comparable, below = int((high - low).sum()), 0
    for bit in reversed(range(int(values.max()).bit_length())):
        ones = ((values >> bit) & 1).astype(bool)
        zeros_before = np.concatenate([[0], np.cumsum(~ones)])
        from_low, from_high = zeros_before[low], zeros_before[high]
        up = ((query >> bit) & 1).astype(bool)
        below += int((from_high - from_low)[up].sum())
        low = np.where(up, zeros_before[-1] + low - from_low, from_low)
        high = np.where(up, zeros_before[-1] + high - from_high, from_high)
        values = np.concatenate([values[~ones], values[ones]])
    tied = int((high - low).sum())
    return Pairs(below, comparable - below - tied, tied)


def partners(
    time_days: Float[np.ndarray, " n"], event: Bool[np.ndarray, " n"]
) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]:
    """An order of the rows, and for each place in it the first place of its partners.

    Whoever stands at or after that place outlived the patient, if he had an event.
    """
    order = np.lexsort((~event, time_days))
    days = time_days[order]
    events_of_day = np.cumsum(np.concatenate([[0], event[order]]))
    first = np.searchsorted(days, days, side="left")
    last = np.searchsorted(days, days, side="right")
    return order, first + events_of_day[last] - events_of_day[first]
