"""Which numbers say how well a task was answered."""

import numpy as np

from fusion.metrics.accuracy import balanced_accuracy, quadratic_kappa
from fusion.metrics.auc import auc, macro_auc
from fusion.metrics.brier import brier
from fusion.metrics.censoring import Censoring
from fusion.report.measure import Measure
from fusion.report.measures_survival import survival_measures
from fusion.report.scores import Scores
from fusion.report.tasks import TaskInfo


def measures(task: TaskInfo, censoring: Censoring | None) -> list[Measure]:
    """All metrics of a task, the primary one first. Only Brier scores are better when lower.

    Args:
        task: what is asked.
        censoring: of the training patients, for metrics weighted for it; None if there is nobody.

    Example:
        >>> idh = TaskInfo("idh", "classification", classes=("wildtype", "mutant"))
        >>> [m.name for m in measures(idh, None)]
        ['AUC', 'balanced accuracy', 'Brier']
        >>> [m.name for m in measures(TaskInfo("os", "survival", horizons_days=(365.0,)), None)]
        ['C-index', "Uno's C to 365 days", 'AUC at 365 days', 'Brier at 365 days']
    """
    if task.kind == "survival":
        return list(survival_measures(task, censoring))
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
