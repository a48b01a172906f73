"""Trained model + patients -> rows of `predictions.parquet`."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from fusion.data.sample import Batch
from fusion.report.tasks import TaskInfo
from fusion.run.place import Place
from fusion.run.trained import Trained
from fusion.types import PatientId

Label = Mapping[str, Tensor]


def predict(
    trained: Trained,
    loader: DataLoader[Batch],
    *,
    place: Place,
    model: str,
    tasks: Sequence[TaskInfo],
    labels: Mapping[PatientId, Label],
    device: torch.device,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions of all patients of a loader, and the share that each modality had.

    Returns:
        The rows of the predictions, and a table patient x modality of attention shares, empty
        for a head that has none.
    """
    rows: list[dict[str, object]] = []
    shares: dict[str, dict[str, float]] = {}
    for batch, fused in trained.fused(loader, device):
        rows += batch_answers(trained, batch, fused.outputs, place, model, tasks, labels)
        for i, patient in enumerate(batch.patient_ids):
            shares[patient] = {
                m: float(share[i].sum()) for m, share in sorted(fused.attention.items())
            }
    return pd.DataFrame(rows), pd.DataFrame.from_dict(shares, orient="index")


def batch_answers(
    trained: Trained,
    batch: Batch,
    outputs: Tensor,
    place: Place,
    model: str,
    tasks: Sequence[TaskInfo],
    labels: Mapping[PatientId, Label],
) -> Iterator[dict[str, object]]:
    """The rows of a batch, from what the head gave for it, on the CPU."""
    parts = trained.split(outputs)
    for task in tasks:
        values = trained.tasks[task.source].predict(parts[task.source])
        start = "" if task.cause is None else f"{task.cause.name}_"
        for i, patient in enumerate(batch.patient_ids):
            found = {c: float(values[start + c][i]) for c in task.columns}
            yield from answers(task, place, model, patient, found, labels[patient])


def answers(
    task: TaskInfo,
    place: Place,
    model: str,
    patient: PatientId,
    values: Mapping[str, float],
    labels: Label,
) -> Iterator[dict[str, object]]:
    """One patient's rows for one task: one for each class, or risk and horizon, that it has."""
    label = labels.get(task.source)
    for number, name in enumerate(task.columns):
        if name not in values:
            continue
        target = event = np.nan
        if label is not None and task.kind == "survival":
            target, event = float(label[0]), event_code(task, float(label[1]))
        elif label is not None:
            target = float(int(label[0]) == number)
        yield {
            "model": model,
            "patient_id": str(patient),
            "center": str(place.cohort.centers[patient]),
            "cohort": place.cohort.name,
            "part": place.part,
            "task": task.name,
            "class": name,
            "value": float(values[name]),
            "target": target,
            "event": event,
        }


def event_code(task: TaskInfo, label: float) -> float:
    """1 for the event that the task is about, 2 for a competing one, 0 for censored.

    Example:
        >>> from fusion.report.tasks import Cause
        >>> other = TaskInfo("death_other", "survival", cause=Cause("death", "other", 2))
        >>> [event_code(other, label) for label in (0.0, 1.0, 2.0)]
        [0.0, 2.0, 1.0]
    """
    if task.cause is None or label == 0:
        return label
    return 1.0 if label == task.cause.number else 2.0
