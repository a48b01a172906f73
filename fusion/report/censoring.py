"""How long the training patients were followed, by their labels in the predictions."""

from collections.abc import Mapping, Sequence

import pandas as pd

from fusion.metrics.censoring import Censoring
from fusion.report.scores import Scores, scores
from fusion.report.tasks import TaskInfo


def censoring(predictions: pd.DataFrame, tasks: Sequence[TaskInfo]) -> dict[str, Censoring]:
    """The curve of each task of survival, for those who evaluate the model elsewhere."""
    found = {}
    for task in tasks:
        names = predictions.loc[predictions["task"] == task.name, "model"].unique()
        curve = task_censoring(task, {str(n): scores(predictions, task, str(n)) for n in names})
        if curve is not None:
            found[task.name] = curve
    return found


def task_censoring(task: TaskInfo, found: Mapping[str, Scores]) -> Censoring | None:
    """From the labels of all training patients, so that every model is weighted alike.

    None where the task is none of survival, or there are no training patients.
    """
    if task.kind != "survival":
        return None
    labels = pd.concat(
        [t.who.assign(time=t.target, event=t.event) for t in found.values()], ignore_index=True
    )
    labels = labels[labels["part"] == "train"].drop_duplicates(["cohort", "patient_id"])
    if labels.empty:
        return None
    return Censoring.fit(labels["time"].to_numpy(float), labels["event"].to_numpy(float) > 0)
