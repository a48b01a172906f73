"""Thresholds of the fusion: chosen on validation patients, noted, and carried by the bundle."""

from collections.abc import Sequence

import pandas as pd

from fusion.report.operating_points import thresholds
from fusion.report.outcome import is_binary
from fusion.report.task_scores import TaskScores
from fusion.report.tasks import TaskInfo
from fusion.run.fitted import Fitted
from fusion.types import PatientId

_MODEL = "fusion"


def choose_thresholds(
    predictions: pd.DataFrame, tasks: Sequence[TaskInfo], *, sensitivity: float, fitted: Fitted
) -> dict[str, dict[str, float]]:
    """Task -> rule -> probability; a rule that finds none is left out.

    Args:
        predictions: of the run.
        tasks: of the run; those with two classes have thresholds.
        sensitivity: that is wished for.
        fitted: where it is noted who chose.
    """
    found: dict[str, dict[str, float]] = {}
    for task in filter(is_binary, tasks):
        case = TaskScores.read(predictions, task, model=_MODEL, baseline=None)
        who = [PatientId(str(p)) for p in case.of(_MODEL, "val").who["patient_id"]]
        for one in thresholds(case, _MODEL, sensitivity=sensitivity):
            if one.value is not None:
                found.setdefault(task.name, {})[one.rule] = one.value
                what = f"threshold of {task.name}, {one.rule}"
                fitted.note(what, "choice", who, one.value)
    return found
