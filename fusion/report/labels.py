"""What is known of each patient's outcome, whichever model predicted it."""

import numpy as np
import pandas as pd

from fusion.report.tasks import TaskInfo

EVENT, CENSORED = "event", "censored"
"""What a survival label says."""


def known_labels(predictions: pd.DataFrame, task: TaskInfo) -> pd.DataFrame:
    """A row per patient with a label and a prediction of any model; models share their labels.

    Returns:
        Columns `cohort`, `patient_id`, `center`, `part`, `label` (the class, or `event` and
        `censored`) and `time_days`, which is NaN but for survival.
    """
    rows = predictions[(predictions["task"] == task.name) & predictions["target"].notna()]
    if task.kind != "survival":
        rows = rows[rows["target"] == 1]
    known = rows.drop_duplicates(["cohort", "patient_id"], ignore_index=True)
    survives = task.kind == "survival"
    event = np.where(known["event"] == 1, EVENT, CENSORED).astype(object)
    known = known.assign(
        label=event if survives else known["class"].to_numpy(object),
        time_days=known["target"] if survives else np.nan,
    )
    return known[["cohort", "patient_id", "center", "part", "label", "time_days"]]


def names_of(task: TaskInfo) -> tuple[str, ...]:
    """What `label` may say."""
    return (EVENT, CENSORED) if task.kind == "survival" else task.classes
