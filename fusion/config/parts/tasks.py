"""Task configuration -> task, label, and what a report says of it."""

from collections.abc import Mapping

from torch import nn

from fusion.config.run import RunConfig
from fusion.config.task import (
    ClassificationConfig,
    CoxConfig,
    DiscreteTimeConfig,
    OrdinalConfig,
    TaskConfig,
    WeibullConfig,
)
from fusion.data.labels import Labeller, class_labeller, survival_labeller
from fusion.errors import ConfigError
from fusion.heads.columns import Columns
from fusion.report.tasks import TaskInfo
from fusion.tasks.base import Task
from fusion.tasks.classification import Classification
from fusion.tasks.cox import Cox
from fusion.tasks.discrete_time import DiscreteTime
from fusion.tasks.ordinal import Ordinal
from fusion.tasks.weibull import Weibull
from fusion.tasks.weighting import FixedWeights, LearnedWeights


def build_task(config: TaskConfig) -> Task:
    """One task, not yet prepared on training labels."""
    match config:
        case ClassificationConfig():
            return Classification(classes=config.classes, balanced=config.balanced)
        case OrdinalConfig():
            return Ordinal(classes=config.classes)
        case CoxConfig():
            return Cox(
                horizons_days=config.horizons_days, ties=config.ties, risk_sets=config.risk_sets
            )
        case DiscreteTimeConfig():
            return DiscreteTime(bins=config.bins, horizons_days=config.horizons_days)
        case WeibullConfig():
            return Weibull(horizons_days=config.horizons_days)


def build_labeller(config: TaskConfig) -> Labeller:
    """How a row of `targets.csv` becomes the task's label."""
    match config:
        case ClassificationConfig() | OrdinalConfig():
            return class_labeller(config.column, config.classes)
        case CoxConfig() | DiscreteTimeConfig() | WeibullConfig():
            return survival_labeller(config.column)


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
    """What the report needs to know."""
    match config:
        case ClassificationConfig():
            return TaskInfo(name, "classification", classes=tuple(config.classes))
        case OrdinalConfig():
            return TaskInfo(name, "ordinal", classes=tuple(config.classes))
        case CoxConfig() | DiscreteTimeConfig() | WeibullConfig():
            return TaskInfo(name, "survival", horizons_days=tuple(config.horizons_days))


def target_classes(tasks: Mapping[str, TaskConfig]) -> dict[str, list[str]]:
    """Class columns of `targets.csv` -> the classes that may stand there."""
    return {
        task.column: task.classes
        for task in tasks.values()
        if isinstance(task, ClassificationConfig | OrdinalConfig)
    }


def target_survival(tasks: Mapping[str, TaskConfig]) -> list[str]:
    """Stems of the survival columns."""
    kinds = CoxConfig | DiscreteTimeConfig | WeibullConfig
    return sorted({task.column for task in tasks.values() if isinstance(task, kinds)})


def build_weighting(config: RunConfig) -> nn.Module:
    """How the tasks' losses add up."""
    match config.weighting:
        case "fixed":
            return FixedWeights(weights={n: t.weight for n, t in config.tasks.items()})
        case "learned":
            return LearnedWeights(tasks=sorted(config.tasks))
