"""One model's predictions of one task as arrays, a row per patient whose label is known."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from fusion.errors import PredictionsError
from fusion.report.tasks import TaskInfo

_WHO = ["cohort", "patient_id"]


@dataclass(frozen=True)
class Scores:
    """Rows are patients, sorted by cohort and id."""

    who: pd.DataFrame
    """patient_id, cohort, center, part; index 0 to n - 1."""
    values: Float[np.ndarray, "patients columns"]
    """In the order of the task's `columns`; a horizon that the model lacks is all NaN."""
    target: Float[np.ndarray, " patients"]
    """Index of the true class, or time in days."""
    event: Float[np.ndarray, " patients"]
    """1 event, 0 censored, 2 a competing event; NaN for classes."""

    def __len__(self) -> int:
        return len(self.who)

    def take(self, rows: Bool[np.ndarray, " patients"] | Int[np.ndarray, " taken"]) -> "Scores":
        """These patients only."""
        who = self.who.iloc[np.flatnonzero(rows) if rows.dtype == bool else rows]
        return Scores(
            who.reset_index(drop=True), self.values[rows], self.target[rows], self.event[rows]
        )


def scores(predictions: pd.DataFrame, task: TaskInfo, model: str) -> Scores:
    """Pivot the rows of a model and task; patients without a label are left out.

    Raises:
        PredictionsError: for a class that the task does not have, a patient without all classes,
            or a label that is not exactly one class.
    """
    rows = predictions[(predictions["task"] == task.name) & (predictions["model"] == model)]
    foreign = sorted(set(rows["class"]) - set(task.columns))
    if foreign:
        raise PredictionsError(
            f"task {task.name}, model {model}: class {foreign} is none of {list(task.columns)}"
        )
    cells = rows.set_index([*_WHO, "class"])[["value", "target", "event"]]
    wide = pd.DataFrame(cells.unstack("class")).sort_index()  # noqa: PD010  pivot_table averages
    wide = wide.reindex(
        columns=pd.MultiIndex.from_product([["value", "target", "event"], task.columns])
    )
    values, target = wide["value"].to_numpy(float), wide["target"].to_numpy(float)
    _complete(wide, values, task, model)
    if task.kind == "survival":
        event = wide["event"].to_numpy(float)
        torn = (_spread(target) | _spread(event)) | (np.isnan(target) != np.isnan(event)).any(
            axis=1
        )
        _refuse(wide, torn, task, "times {} and events, expected one time and its event", target)
        time, event = target[:, 0], event[:, 0]
        if task.cause is None and (event == 2).any():
            raise PredictionsError(
                f"task {task.name}: {int((event == 2).sum())} patients have event 2, a competing "
                "event, and this is survival without any; expected 0 or 1"
            )
        known = ~np.isnan(time)
    else:
        known = ~np.isnan(target).all(axis=1)
        wrong = known & ((np.sort(target, axis=1)[:, -1] != 1) | (target.sum(axis=1) != 1))
        _refuse(wide, wrong, task, "target {}, expected 1 for one class and 0 for others", target)
        time, event = target.argmax(axis=1).astype(float), np.full(len(target), np.nan)
    who = (
        rows.drop_duplicates(_WHO).set_index(_WHO)[["center", "part"]].loc[wide.index].reset_index()
    )
    return Scores(who, values, time, event).take(known)


def same_patients(a: Scores, b: Scores) -> tuple[Scores, Scores]:
    """The patients that both models predicted, in one order."""
    left, right = (pd.MultiIndex.from_frame(s.who[_WHO]) for s in (a, b))
    return a.take(left.isin(right)), b.take(right.isin(left))


def _complete(wide: pd.DataFrame, values: np.ndarray, task: TaskInfo, model: str) -> None:
    """A model may give no probability at a horizon, to anybody; nothing else may be absent."""
    lacks = np.isnan(values)
    if task.kind == "survival":
        lacks[:, 1:] &= ~lacks[:, 1:].all(axis=0)
    if lacks.any():
        row, column = (int(i[0]) for i in np.nonzero(lacks))
        raise PredictionsError(
            f"task {task.name}, model {model}, patient {wide.index[row][1]}: no row for class "
            f"{task.columns[column]}; expected one for each of {list(task.columns)}"
        )


def _spread(labels: Float[np.ndarray, "patients columns"]) -> Bool[np.ndarray, " patients"]:
    """Where the columns that a model has do not all say the same."""
    with_rows = np.where(np.isnan(labels), labels[:, :1], labels)
    return (with_rows != labels[:, :1]).any(axis=1) & ~np.isnan(labels[:, 0])


def _refuse(
    wide: pd.DataFrame,
    faulty: Bool[np.ndarray, " patients"],
    task: TaskInfo,
    message: str,
    labels: Float[np.ndarray, "patients columns"],
) -> None:
    if faulty.any():
        patient, label = wide.index[faulty][0][1], labels[faulty][0].tolist()
        raise PredictionsError(
            f"task {task.name}, patient {patient}: {message.format(label)} over {task.columns}"
        )
