"""Who is moved by a new model, apart for patients with and without the event."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from fusion.errors import UndefinedMetric
from fusion.statistics.binary import both_classes, checked
from fusion.statistics.estimate import Estimate, wald


@dataclass(frozen=True)
class ByOutcome:
    """A gain in each of the two kinds of patients, above 0 being better in both.

    The two are not added up: the sum weights a patient with the event like one without, grows
    by miscalibration alone, and says nothing of what it is worth. See `net_benefit` for that.
    """

    events: Estimate
    non_events: Estimate


def nri(
    old: Float[np.ndarray, " n"],
    new: Float[np.ndarray, " n"],
    target: Bool[np.ndarray, " n"],
    *,
    cuts: Float[np.ndarray, " cuts"],
    level: float = 0.95,
) -> ByOutcome:
    """Net reclassification over risk categories, by part.

    Events: P(moved up) - P(moved down); non-events: P(moved down) - P(moved up). Wald intervals,
    variance (P(up) + P(down) - (P(up) - P(down))²) / n; of no width where all move alike.

    Args:
        old: probability of the event by the one model.
        new: by the other.
        target: True where the event happened.
        cuts: ascending, between categories; a probability at a cut is in the higher one.
        level: of the intervals.

    Raises:
        UndefinedMetric: where one class is absent.
        ValueError: where one is no probability, lengths differ, or cuts are not ascending
            between 0 and 1.

    Source: Pencina et al. 2008; Kerr et al. 2014 (by part, and why).

    Example:
        >>> target = np.array([True, True, False, False])
        >>> old, new = np.array([0.1, 0.6, 0.6, 0.2]), np.array([0.7, 0.7, 0.3, 0.1])
        >>> found = nri(old, new, target, cuts=np.array([0.5]))
        >>> found.events.value, found.non_events.value
        (0.5, 0.5)
    """
    if len(cuts) == 0 or (np.diff(cuts) <= 0).any() or cuts[0] <= 0 or cuts[-1] >= 1:
        raise ValueError(f"cuts {cuts.tolist()}: expected ascending, above 0 and below 1")
    old, new = _checked(old, new, target)
    moved = np.sign(np.digitize(new, cuts) - np.digitize(old, cuts)).astype(np.float64)
    return _parts(moved, target, level, divisor_less=0)


def continuous_nri(
    old: Float[np.ndarray, " n"],
    new: Float[np.ndarray, " n"],
    target: Bool[np.ndarray, " n"],
    *,
    level: float = 0.95,
) -> ByOutcome:
    """Net reclassification where any change counts, by part; as `nri` without categories.

    Above 0 for useless markers too, if the models are miscalibrated.

    Raises:
        UndefinedMetric: where one class is absent.
        ValueError: where one is no probability, or lengths differ.

    Source: Pencina et al. 2011; Hilden and Gerds 2014 (the warning).

    Example:
        >>> target = np.array([True, True, False, False])
        >>> old, new = np.array([0.1, 0.6, 0.6, 0.2]), np.array([0.7, 0.7, 0.3, 0.1])
        >>> found = continuous_nri(old, new, target)
        >>> found.events.value, found.non_events.value
        (1.0, 1.0)
    """
    old, new = _checked(old, new, target)
    return _parts(np.sign(new - old), target, level, divisor_less=0)


def idi(
    old: Float[np.ndarray, " n"],
    new: Float[np.ndarray, " n"],
    target: Bool[np.ndarray, " n"],
    *,
    level: float = 0.95,
) -> ByOutcome:
    """Integrated discrimination improvement, by part: by how much the mean probability moved.

    Events: mean (new - old); non-events: mean (old - new). Wald intervals.

    Args:
        old: probability of the event by the one model.
        new: by the other.
        target: True where the event happened.
        level: of the intervals.

    Raises:
        UndefinedMetric: with fewer than two patients of either class.
        ValueError: where one is no probability, or lengths differ.

    Source: Pencina et al. 2008.

    Example:
        >>> target = np.array([True, True, False, False])
        >>> old, new = np.array([0.5, 0.5, 0.5, 0.5]), np.array([0.75, 1.0, 0.25, 0.5])
        >>> found = idi(old, new, target)
        >>> found.events.value, found.non_events.value
        (0.375, 0.125)
    """
    old, new = _checked(old, new, target)
    events = int(target.sum())
    if min(events, len(target) - events) < 2:
        raise UndefinedMetric(
            f"the error of an IDI needs two patients of each class, found {events} events and "
            f"{len(target) - events} others"
        )
    return _parts(new - old, target, level, divisor_less=1)


def _parts(
    change: Float[np.ndarray, " n"],
    target: Bool[np.ndarray, " n"],
    level: float,
    *,
    divisor_less: int,
) -> ByOutcome:
    """Mean change of events, and of non-events with the sign turned."""
    up, down = (
        wald(x.mean(), x.std(ddof=divisor_less) / np.sqrt(len(x)), level)
        for x in (change[target], -change[~target])
    )
    return ByOutcome(up, down)


def _checked(
    old: Float[np.ndarray, " n"], new: Float[np.ndarray, " n"], target: Bool[np.ndarray, " n"]
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    old, new = checked(old, target), checked(new, target)
    both_classes(target, "reclassification")
    return old, new
