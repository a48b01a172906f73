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

    Args:
        risk: larger is worse.
        time_days: until the event, or until last seen.
        event: True where the event was seen.

    Source: Harrell et al. 1996; counting inversions by merging, Knuth, TAOCP 3, 5.1.1.

    Example:
        >>> days, event = np.array([5.0, 5.0, 9.0]), np.array([True, False, True])
        >>> concordance_pairs(np.array([3.0, 1.0, 3.0]), days, event)
        Pairs(concordant=1, discordant=0, tied=1)
    """
    n, risk, time_days = len(risk), finite("risk", risk), finite("time_days", time_days)
    days, rank = _in_order(time_days), np.unique(risk, return_inverse=True)[1].reshape(-1)
    by_place = np.sort((2 * days + ~event) * n + rank)
    group, rank_at = np.divmod(by_place, n)
    event_at = group % 2 == 0
    ends = np.flatnonzero(np.append(group[1:] != group[:-1], True)) + 1
    size = np.diff(ends, prepend=0)  # of a day's events, or of its censored
    comparable = int((size * (n - ends))[event_at[ends - 1]].sum())
    if rank.max() + 1 < n:
        by_rank = np.sort(rank_at * n + np.arange(n))
        order = by_rank % n
        whose = order[event_at[order]]
        first_partner = rank_at[whose] * n + np.repeat(ends, size)[whose]
        last_alike = np.cumsum(np.bincount(rank))[rank_at[whose]]
        tied = int((last_alike - np.searchsorted(by_rank, first_partner)).sum())
    else:
        order, tied = np.empty_like(rank_at), 0
        order[rank_at] = np.arange(n)
    below = _later_and_lower(order, event_at[order])
    return Pairs(below, comparable - below - tied, tied)


def _in_order(time_days: Float[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """Whole numbers from 0 that are ordered as the days; whole days need no sorting."""
    since = time_days - time_days.min()
    if since.max() <= 8 * len(since) and (np.rint(time_days) == time_days).all():
        return since.astype(np.int64)
    return np.unique(time_days, return_inverse=True)[1].reshape(-1)


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
    levels = (n // 64).bit_length()
    size = -(-n // 2**levels)
    shift = size.bit_length()
    slots = np.arange(size << levels)
    padded = np.concatenate([place, slots[n:]])  # late and last: in no pair
    code = ((padded // size << shift) + padded % size) * 2
    code[:n] += event
    code = code.astype(np.int32 if code.max() < 2**31 - 1 else np.int64)  # half the traffic
    pairs = 0
    for level in reversed(range(levels)):
        half = size << level
        upper = (code & (2 << (level + shift))) != 0
        stay, move = np.flatnonzero(~upper), np.flatnonzero(upper)
        lower = code[stay]
        overtaken = stay.reshape(-1, half) - slots.reshape(-1, 2, half)[:, 0]
        pairs += int(np.dot(overtaken.reshape(-1), lower & 1))
        code = np.stack([x.reshape(-1, half) for x in (lower, code[move])], axis=1).reshape(-1)
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
