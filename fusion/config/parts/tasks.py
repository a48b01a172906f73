"""Task configuration -> task, label, and what a report says of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from torch import nn

from fusion.config.run import RunConfig
from fusion.config.task import (
    ClassificationConfig,
    CompetingConfig,
    CoxConfig,
    DiscreteTimeConfig,
    OrdinalConfig,
    TaskConfig,
    WeibullConfig,
)
from fusion.data.labels import Labeller, cause_labeller, class_labeller, survival_labeller
from fusion.errors import ConfigError
from fusion.heads.columns import Columns
from fusion.report.tasks import Cause, TaskInfo
from fusion.tasks.base import Task
from fusion.tasks.classification import Classification
from fusion.tasks.competing import Competing
from fusion.tasks.cox import Cox
from fusion.tasks.discrete_time import DiscreteTime
from fusion.tasks.ordinal import Ordinal
from fusion.tasks.weibull import Weibull
from fusion.tasks.weighting import FixedWeights, LearnedWeights

CURVE = 20
"""Steps of the curve of survival from diagnosis to the last horizon."""


def build_task(config: TaskConfig) -> Task:
    """One task, not yet prepared on training labels."""
    match config:
        case ClassificationConfig():
            return Classification(classes=config.classes, balanced=config.balanced)
        case OrdinalConfig():
            return Ordinal(classes=config.classes)
        case CoxConfig():
            days = curve(config.horizons_days)
            return Cox(horizons_days=days, ties=config.ties, risk_sets=config.risk_sets)
        case DiscreteTimeConfig():
            return DiscreteTime(bins=config.bins, horizons_days=curve(config.horizons_days))
        case WeibullConfig():
            return Weibull(horizons_days=curve(config.horizons_days))
        case CompetingConfig():
            days = curve(config.horizons_days)
            return Competing(causes=config.causes, horizons_days=days, ties=config.ties)


def build_labeller(config: TaskConfig) -> Labeller:
    """How a row of `targets.csv` becomes the task's label."""
    match config:
        case ClassificationConfig() | OrdinalConfig():
            return class_labeller(config.column, config.classes)
        case CoxConfig() | DiscreteTimeConfig() | WeibullConfig():
            return survival_labeller(config.column)
        case CompetingConfig():
            return cause_labeller(config.column, config.causes)


def curve(horizons_days: Sequence[float]) -> list[float]:
    """The horizons, and whole days in equal steps up to the last of them.

    Example:
        >>> curve([5.0, 8.0])
        [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    """
    last = horizons_days[-1]
    steps = {float(round(last * i / CURVE)) for i in range(1, CURVE)}
    return sorted({day for day in steps if 0 < day < last} | set(horizons_days))


def task_infos(name: str, config: TaskConfig) -> tuple[TaskInfo, ...]:
    """What the report needs to know: one task, or one for each competing event."""
    match config:
        case CompetingConfig():
            return tuple(
                replace(_survival(f"{name}_{c}", config.horizons_days), cause=Cause(name, c, k))
                for k, c in enumerate(config.causes, start=1)
            )
        case _:
            return (task_info(name, config),)


def build_columns(name: str, config: TaskConfig) -> Columns:
    """What a task's columns of the head's outputs say, for a head that pools predictions.

    Raises:
        ConfigError: for a kind of task whose predictions cannot be pooled.
    """
    match config:
        case ClassificationConfig():
            return Columns("classes", len(config.classes))
        case OrdinalConfig():
            return Columns("steps", len(config.classes) - 1)
        case CoxConfig():
            return Columns("plain", 1)
        case DiscreteTimeConfig():
            return Columns("hazards", config.bins)
        case _:
            raise ConfigError(
                f"head ensemble cannot pool task {name}, of kind {config.kind}; expected "
                "classification, ordinal, cox or discrete_time: take one of these, or head=late"
            )


def task_info(name: str, config: TaskConfig) -> TaskInfo:
    """What the report needs to know of a task that is no set of competing events."""
    match config:
        case ClassificationConfig():
            return TaskInfo(name, "classification", classes=tuple(config.classes))
        case OrdinalConfig():
            return TaskInfo(name, "ordinal", classes=tuple(config.classes))
        case CoxConfig() | DiscreteTimeConfig() | WeibullConfig():
            return _survival(name, config.horizons_days)
        case CompetingConfig():
            raise ConfigError(f"task {name} is one for each of {', '.join(config.causes)}")


def _survival(name: str, horizons_days: Sequence[float]) -> TaskInfo:
    further = tuple(day for day in curve(horizons_days) if day not in horizons_days)
    return TaskInfo(name, "survival", horizons_days=tuple(horizons_days), curve_days=further)


def target_classes(tasks: Mapping[str, TaskConfig]) -> dict[str, list[str]]:
    """Class columns of `targets.csv` -> the classes that may stand there."""
    return {
        task.column: task.classes
        for task in tasks.values()
        if isinstance(task, ClassificationConfig | OrdinalConfig)
    }


def target_survival(tasks: Mapping[str, TaskConfig]) -> list[str]:
    """Stems of the survival columns."""
    kinds = CoxConfig | DiscreteTimeConfig | WeibullConfig | CompetingConfig
    return sorted({task.column for task in tasks.values() if isinstance(task, kinds)})


def target_causes(tasks: Mapping[str, TaskConfig]) -> dict[str, list[str]]:
    """Stems of survival with competing events -> the causes that may stand there."""
    return {t.column: t.causes for t in tasks.values() if isinstance(t, CompetingConfig)}


def loss_weights(config: RunConfig, own: Sequence[str]) -> dict[str, float]:
    """Of each task, and of each loss of an encoder's own, which `penalty` names."""
    weights = {name: task.weight for name, task in config.tasks.items()}
    return weights | {name: config.penalty.get(name, 1.0) for name in own}


def build_weighting(config: RunConfig, own: Sequence[str]) -> nn.Module:
    """How the losses of tasks, and those of encoders' own, add up.

    Raises:
        ConfigError: for a weight of 0 where weights are learned.
    """
    match config.weighting:
        case "fixed":
            return FixedWeights(weights=loss_weights(config, own))
        case "learned":
            if none := sorted(n for n, w in loss_weights(config, own).items() if w == 0):
                raise ConfigError(
                    f"{', '.join(none)} with weight 0 and weighting: learned, which chooses "
                    "weights itself; say weighting=fixed"
                )
            return LearnedWeights(tasks=[*config.tasks, *own])
