"""Dividing patients so that every label is spread as evenly as the sizes allow."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Int

from fusion.data.splitting.exchange import exchange
from fusion.errors import SplitError


def iterative_stratification(
    labels: Bool[np.ndarray, "patients labels"], sizes: Sequence[int], rng: np.random.Generator
) -> Int[np.ndarray, " patients"]:
    """The part of each patient: the rarest label is dealt out first, to whom it is owed most.

    The sizes are kept exactly. A label with as many patients as there are parts reaches every
    part that has room. A patient without any label (all unknown) fills up what is left. Dealing
    is greedy, so pairs of patients are exchanged at the end while that helps.

    Args:
        labels: which labels each patient has; several, or none.
        sizes: patients per part; they add up to all.
        rng: breaks what is tied.

    Source: Sechidis, Tsoumakas and Vlahavas, On the stratification of multi-label data (2011);
    with fixed sizes and ties broken by the patient's other labels.

    Example:
        >>> labels = np.array([[1], [1], [0], [0]], dtype=bool)
        >>> parts = iterative_stratification(labels, [2, 2], np.random.default_rng(0))
        >>> sorted(parts[:2].tolist()), sorted(parts[2:].tolist())
        ([0, 1], [0, 1])
    """
    count = len(labels)
    room = np.array(sizes)
    if room.sum() != count or (room < 0).any():
        raise SplitError(f"parts of {list(sizes)} patients, expected {count} in all")
    owed = np.outer(labels.sum(axis=0), room / max(count, 1))
    given = np.zeros_like(owed)
    parts = np.full(count, -1)
    order = rng.permutation(count)
    while len(order):
        waiting = labels[order].sum(axis=0)
        if not waiting.any():
            parts[order] = rng.permutation(np.repeat(np.arange(len(room)), room))
            break
        label = int(np.where(waiting > 0, waiting, count + 1).argmin())
        holders = order[labels[order, label]]
        for left, patient in zip(range(len(holders), 0, -1), holders, strict=True):
            part = _choose(owed, given, room, labels[patient], label, left, rng)
            parts[patient] = part
            room[part] -= 1
            owed[labels[patient], part] -= 1
            given[labels[patient], part] += 1
        order = order[parts[order] < 0]
    return exchange(labels, parts, rng)


def _choose(
    owed: np.ndarray,
    given: np.ndarray,
    room: np.ndarray,
    mine: np.ndarray,
    label: int,
    left: int,
    rng: np.random.Generator,
) -> int:
    """The part with room that is owed most of this label, then of the patient's other labels."""
    candidates = np.flatnonzero(room > 0)
    without = candidates[given[label, candidates] == 0]
    if 0 < left <= len(without):
        candidates = without
    for score in (owed[label], owed[mine].sum(axis=0), room):
        best = score[candidates].max()
        candidates = candidates[score[candidates] > best - 1e-9]
    return int(rng.choice(candidates))
