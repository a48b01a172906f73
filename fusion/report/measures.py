"""Which numbers say how well a task was answered."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from fusion.errors import UndefinedMetric
from fusion.metrics.accuracy import balanced_accuracy, quadratic_kappa
from fusion.metrics.auc import auc, macro_auc
from fusion.metrics.brier import brier, brier_survival
from fusion.metrics.censoring import Censoring
from fusion.metrics.concordance import harrell_c
from fusion.report.scores import Scores
from fusion.report.tasks import TaskInfo


@dataclass(frozen=True)
class Measure:
    """A metric, and what of the scores it wants."""

    name: str
    statistic: Callable[..., float]
    arrays: Callable[[Scores], tuple[np.ndarray, ...]]
    """May raise UndefinedMetric."""


def measures(task: TaskInfo, censoring: Censoring | None) -> list[Measure]:
    """All metrics of a task, the primary one first. Only Brier scores are better when lower.

    Args:
        task: what is asked.
        censoring: of the training patients, for Brier scores of survival; None if there is nobody.

    Example:
        >>> idh = TaskInfo("idh", "classification", classes=("wildtype", "mutant"))
        >>> [m.name for m in measures(idh, None)]
        ['AUC', 'balanced accuracy', 'Brier']
        >>> [m.name for m in measures(TaskInfo("os", "survival", horizons_days=(365.0,)), None)]
        ['C-index', 'Brier at 365 days']
    """
    if task.kind == "survival":
        return [
            Measure(task.primary, harrell_c, lambda s: (s.values[:, 0], s.target, s.event == 1)),
            *(_brier_at(i, days, censoring) for i, days in enumerate(task.horizons_days, start=1)),
        ]
    ranking = (
        Measure(task.primary, auc, lambda s: (s.values[:, 1], s.target == 1))
        if len(task.classes) == 2
        else Measure(task.primary, macro_auc, _probabilities)
    )
    found = [
        ranking,
        Measure("balanced accuracy", balanced_accuracy, _probabilities),
        Measure("Brier", brier, _probabilities),
    ]
    if task.kind == "ordinal":
        found.append(Measure("quadratic kappa", quadratic_kappa, _probabilities))
    return found


def _probabilities(scores: Scores) -> tuple[np.ndarray, ...]:
    return scores.values, scores.target.astype(np.int64)


def _no_censoring(scores: Scores) -> tuple[np.ndarray, ...]:
    raise UndefinedMetric("no training patients to estimate censoring from")


def _brier_at(column: int, days: float, censoring: Censoring | None) -> Measure:
    name = f"Brier at {days:g} days"
    if censoring is None:
        return Measure(name, brier, _no_censoring)

    def arrays(scores: Scores) -> tuple[np.ndarray, ...]:
        if np.isnan(scores.values[:, column]).any():
            raise UndefinedMetric(f"this model gives no probability of survival at day {days:g}")
        return scores.values[:, column], scores.target, scores.event == 1

    statistic = partial(brier_survival, horizon_days=days, censoring=censoring)
    return Measure(name, statistic, arrays)
