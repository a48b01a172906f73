"""How well one column alone tells a label."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from fusion.errors import UndefinedMetric
from fusion.metrics.auc import auc
from fusion.metrics.concordance import harrell_c
from fusion.statistics.bootstrap import bootstrap
from fusion.statistics.delong import auc_logit
from fusion.types import PatientId

FEWEST = 10
"""Patients with and without the class, or events, below which nothing is claimed."""

CLOSE = 0.9
"""An interval is computed from here on."""

DRAWS = 200


@dataclass(frozen=True)
class Labelled:
    """What is known of one task."""

    name: str
    column: str
    """Of targets.csv; the stem of a survival outcome."""
    classes: tuple[str, ...]
    """In the order of their numbers; none for survival."""
    values: Mapping[PatientId, tuple[float, ...]]
    """Patient -> (class,), or (time_days, event)."""


@dataclass(frozen=True)
class Strength:
    """Of one column, whichever way it points."""

    value: float
    """AUC or C-index, from 0.5 (says nothing) to 1 (says all)."""
    low: float
    """Of a 95 % interval; 0.5 where none was needed. Of a perfect column, 1."""
    n: int
    against: str
    """Which class it tells from the rest, or what of survival."""


def strongest(
    column: Float[np.ndarray, " n"], label: Float[np.ndarray, "n k"], task: Labelled
) -> Strength | None:
    """The best that one column does for a task; None where too few patients have both.

    Args:
        column: NaN where not known.
        label: a row per patient, of whom the label is known.
        task: what the label means.
    """
    known = np.isfinite(column)
    x, y = column[known], label[known]
    if task.classes:
        first = 1 if len(task.classes) == 2 else 0  # of two, one is the other turned round
        codes = range(first, len(task.classes))
        found = [_of_class(x, y[:, 0] == code, task.classes[code]) for code in codes]
    else:
        event = y[:, 1] > 0
        found = [_of_class(x, event, "the event"), _of_survival(x, y[:, 0], event)]
    return max((s for s in found if s), key=lambda s: (s.low, s.value), default=None)


def _of_class(
    x: Float[np.ndarray, " n"], target: Bool[np.ndarray, " n"], name: str
) -> Strength | None:
    smallest = min(int(target.sum()), int((~target).sum()))
    if smallest < FEWEST:
        return None
    value = auc(x, target)
    sign = 1.0 if value >= 0.5 else -1.0
    return _strength(max(value, 1 - value), len(x), name, lambda: auc_logit(sign * x, target).low)


def _of_survival(
    x: Float[np.ndarray, " n"], days: Float[np.ndarray, " n"], event: Bool[np.ndarray, " n"]
) -> Strength | None:
    if int(event.sum()) < FEWEST:
        return None
    try:
        value = harrell_c(x, days, event)
    except UndefinedMetric:  # all events on one day
        return None
    sign = 1.0 if value >= 0.5 else -1.0

    def low() -> float:
        return bootstrap(harrell_c, [sign * x, days, event], draws=DRAWS, seed=0).low

    return _strength(max(value, 1 - value), len(x), "who dies first", low)


def _strength(value: float, n: int, against: str, low: Callable[[], float]) -> Strength:
    if value < CLOSE:
        return Strength(value, 0.5, n, against)
    try:
        return Strength(value, low(), n, against)
    except UndefinedMetric:  # nothing varies: the column is perfect
        return Strength(value, 1.0, n, against)
