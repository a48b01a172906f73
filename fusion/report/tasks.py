"""What a task asks, as far as a report needs to know."""

from dataclasses import dataclass
from typing import Literal

from fusion.errors import ConfigError


@dataclass(frozen=True)
class TaskInfo:
    """One question that predictions answer.

    Raises:
        ConfigError: for a classification with fewer than two classes, a class named twice, or a
            horizon that is not above zero.

    Example:
        >>> TaskInfo("os", "survival", horizons_days=(365.0, 730.5)).columns
        ('risk', 'survival_365', 'survival_730.5')
        >>> TaskInfo("idh", "classification", classes=("wildtype", "mutant")).primary
        'AUC'
    """

    name: str
    kind: Literal["classification", "ordinal", "survival"]
    classes: tuple[str, ...] = ()
    """In order; with two classes the second is the positive one. Empty for survival."""
    horizons_days: tuple[float, ...] = ()
    """Where survival is predicted as a probability; empty where only a risk is."""

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
            return ("risk", *(f"survival_{h:g}" for h in self.horizons_days))
        return self.classes

    @property
    def primary(self) -> str:
        """The metric that headlines and plots per centre show; higher is better."""
        if self.kind == "survival":
            return "C-index"
        return "AUC" if len(self.classes) == 2 else "macro AUC"
