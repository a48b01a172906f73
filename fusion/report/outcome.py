"""Yes-or-no questions within a task: what has a probability can be calibrated and acted on."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from fusion.errors import UndefinedMetric
from fusion.report.scores import Scores
from fusion.report.tasks import TaskInfo


@dataclass(frozen=True)
class Outcome:
    """Something that a patient has or has not, and where its probability stands."""

    name: str
    columns: tuple[int, ...]
    """Of the scores; their sum is the probability, for survival what is missing to 1."""
    horizon_days: float | None = None
    """The day until which an event counts; None for classes."""

    def probability(self, found: Scores) -> Float[np.ndarray, " patients"]:
        """Of the outcome.

        Raises:
            UndefinedMetric: where the model gives no probability at this horizon.
        """
        value = found.values[:, list(self.columns)]
        if np.isnan(value).any():
            raise UndefinedMetric("this model gives no probability of survival at that day")
        if self.horizon_days is not None:
            return np.clip(1.0 - value[:, 0], 0.0, 1.0)
        return np.minimum(value.sum(axis=1), 1.0)  # 1 + 1e-16 by rounding

    def happened(self, found: Scores) -> Bool[np.ndarray, " patients"]:
        """Whether it is so; for classes only, since time to event is partly unknown."""
        return np.isin(found.target, self.columns)


def outcomes(task: TaskInfo) -> tuple[Outcome, ...]:
    """The positive one of two classes, each class against the rest, each grade or above, each day.

    Example:
        >>> [o.name for o in outcomes(TaskInfo("idh", "classification", ("wildtype", "mutant")))]
        ['mutant']
        >>> [o.name for o in outcomes(TaskInfo("grade", "ordinal", classes=("2", "3", "4")))]
        ['3 or above', '4']
        >>> [o.name for o in outcomes(TaskInfo("os", "survival", horizons_days=(365.0,)))]
        ['event by day 365']
    """
    if task.cause is not None:
        return ()  # calibration and net benefit here know no competing events
    if task.kind == "survival":
        return tuple(
            Outcome(f"event by day {days:g}", (i,), days)
            for i, days in enumerate(task.horizons_days, start=1)
        )
    k = len(task.classes)
    if task.kind == "ordinal":
        return tuple(
            Outcome(name if c == k - 1 else f"{name} or above", tuple(range(c, k)))
            for c, name in enumerate(task.classes)
            if c > 0
        )
    first = 1 if k == 2 else 0
    return tuple(Outcome(name, (c,)) for c, name in enumerate(task.classes) if c >= first)


def is_binary(task: TaskInfo) -> bool:
    """Whether it has one threshold: two classes."""
    return task.kind != "survival" and len(task.classes) == 2
