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

    Places are given by day, of one day the events first, of its events the lowest risk first.
    Then a partner who stands later and has a strictly lower risk is an inversion, and events
    of one day never are; inversions are counted by halving the places again and again.
    """
    n, risk, time_days = len(risk), finite("risk", risk), finite("time_days", time_days)
    days, rank = (np.unique(x, return_inverse=True)[1].reshape(-1) for x in (time_days, risk))
    by_place = np.sort((2 * days + ~event) * n + rank)
    rank_at, event_at = by_place % n, (by_place // n) % 2 == 0
    by_rank = np.sort(rank_at * n + np.arange(n))
    order = by_rank % n
    rows, events = np.bincount(days), np.bincount(days[event], minlength=days.max() + 1)
    start = np.cumsum(rows) - rows + events
    comparable = int((events * (n - start)).sum())
    below = _later_and_lower(order, event_at[order])
    tied = 0
    if rank.max() + 1 < n:
        whose = order[event_at[order]]
        first = rank_at[whose] * n + start[by_place[whose] // (2 * n)]
        group_end = np.cumsum(np.bincount(rank))[rank_at[whose]]
        tied = int((group_end - np.searchsorted(by_rank, first)).sum())
    return Pairs(below, comparable - below - tied, tied)


def _later_and_lower(place: Int[np.ndarray, " n"], event: Bool[np.ndarray, " n"]) -> int:
    """Pairs of an event and an earlier element of the list whose place is higher.

    All places occur once, so that each half of them fills exactly half of the list: whoever of
    the upper half precedes an event of the lower half makes a pair, then each half is a list of
    its own, and short lists are compared pair by pair. O(n log n).

    Source of the idea: counting inversions by merging, Knuth, TAOCP 3, 5.1.1.

    Args:
        place: 0 to n - 1 in any order.
        event: whether the element counts as an event.
    """
    n = len(place)
    levels = (n // 32).bit_length()
    size = -(-n // 2**levels)
    shift = size.bit_length()
    padded = np.concatenate([place, np.arange(n, size << levels)])  # late and last: in no pair
    code = ((padded // size << shift) + padded % size) * 2
    code[:n] += event
    pairs = 0
    for level in reversed(range(levels)):
        half = size << level
        upper = (code >> (level + shift + 1)) & 1
        preceding = np.cumsum(upper.reshape(-1, 2 * half), axis=1).reshape(-1)
        pairs += int(np.dot(preceding, code & 1 & ~upper))
        halves = [np.compress(upper == side, code).reshape(-1, half) for side in (0, 1)]
        code = np.stack(halves, axis=1).reshape(-1)
    lists = code.reshape(-1, size)
    own = np.where(lists & 1, lists, code.max() + 1)
    before = np.tri(size, k=-1, dtype=bool)
    return pairs + int(np.count_nonzero((lists[:, None, :] > own[:, :, None]) & before))


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
