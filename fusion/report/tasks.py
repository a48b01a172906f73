"""What a task asks, as far as a report needs to know."""

from dataclasses import dataclass
from typing import Literal

from fusion.errors import ConfigError


@dataclass(frozen=True)
class Cause:
    """One of several competing events, whose task is a part of a model's task."""

    task: str
    """Of the model."""
    name: str
    number: int
    """From 1, as in the labels."""


@dataclass(frozen=True)
class TaskInfo:
    """One question that predictions answer.

    Raises:
        ConfigError: for a classification with fewer than two classes, a class named twice, or a
            horizon that is not above zero.

    Example:
        >>> TaskInfo("os", "survival", horizons_days=(365.0, 730.5), curve_days=(100.0,)).columns
        ('risk', 'survival_365', 'survival_730.5', 'survival_100')
        >>> TaskInfo("idh", "classification", classes=("wildtype", "mutant")).primary
        'AUC'
    """

    name: str
    kind: Literal["classification", "ordinal", "survival"]
    classes: tuple[str, ...] = ()
    """In order; with two classes the second is the positive one. Empty for survival."""
    horizons_days: tuple[float, ...] = ()
    """Where survival is predicted as a probability; empty where only a risk is."""
    curve_days: tuple[float, ...] = ()
    """Further days with a probability, for metrics of the whole curve; in no table."""
    cause: Cause | None = None
    """Of competing events, the one that this is about: its `survival` is 1 - the cumulative
    incidence, and another event is coded 2."""

    def __post_init__(self) -> None:
        if self.kind == "survival":
            if self.classes:
                raise ConfigError(f"task {self.name}: survival has no classes, got {self.classes}")
            if any(not h > 0 for h in self.horizons_days):
                raise ConfigError(
                    f"task {self.name}: horizons must be above 0 days, got {self.horizons_days}"
                )
        elif len(self.classes) < 2 or len(set(self.classes)) < len(self.classes):
            raise ConfigError(
                f"task {self.name}: needs two or more distinct classes, got {self.classes}"
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """What the column `class` of the predictions may say for this task."""
        if self.kind == "survival":
            return ("risk", *(f"survival_{h:g}" for h in (*self.horizons_days, *self.curve_days)))
        return self.classes

    @property
    def source(self) -> str:
        """The task of the model, and of the labels, that this is or is a part of."""
        return self.name if self.cause is None else self.cause.task

    @property
    def curve(self) -> tuple[float, ...]:
        """All days with a probability, ascending."""
        return tuple(sorted((*self.horizons_days, *self.curve_days)))

    @property
    def primary(self) -> str:
        """The metric that headlines and plots per centre show; higher is better."""
        if self.kind == "survival":
            return "C-index"
        return "AUC" if len(self.classes) == 2 else "macro AUC"
