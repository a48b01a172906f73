"""Cells of `targets.csv` -> the tensors that a task's loss takes; an unknown label is None."""

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import torch
from torch import Tensor

from fusion.data.targets import CAUSE
from fusion.types import PatientId

Labeller = Callable[[pd.Series], Tensor | None]
"""One patient's row of targets -> [class] or [time_days, event], or None where not known.

With competing events the event is the number of its cause, from 1."""


def class_labeller(column: str, classes: Sequence[str]) -> Labeller:
    """Class index of the column's text.

    Example:
        >>> grade = class_labeller("grade", ["G2", "G3"])
        >>> grade(pd.Series({"grade": "G3"})), grade(pd.Series({"grade": None}))
        (tensor([1.]), None)
    """
    index = {name: float(i) for i, name in enumerate(classes)}

    def label(row: pd.Series) -> Tensor | None:
        value = row.get(column)  # another cohort need not know the label at all
        return None if pd.isna(value) else torch.tensor([index[value]])

    return label


def survival_labeller(name: str) -> Labeller:
    """Time in days and event, from the columns `<name>_time_days` and `<name>_event`."""
    time_column, event_column = f"{name}_time_days", f"{name}_event"

    def label(row: pd.Series) -> Tensor | None:
        time, event = row.get(time_column), row.get(event_column)
        if pd.isna(time) or pd.isna(event):
            return None
        return torch.tensor([float(time), float(event)])

    return label


def cause_labeller(name: str, causes: Sequence[str]) -> Labeller:
    """Time in days and number of the cause, which `<name>_cause` says where there was an event.

    Example:
        >>> death = cause_labeller("death", ["tumour", "other"])
        >>> row = {"death_time_days": 9.0, "death_event": 1.0, "death_cause": "other"}
        >>> death(pd.Series(row))
        tensor([9., 2.])
    """
    survival = survival_labeller(name)
    number = {cause: float(k) for k, cause in enumerate(causes, start=1)}

    def label(row: pd.Series) -> Tensor | None:
        known = survival(row)
        if known is None or not known[1]:
            return known
        return torch.stack([known[0], torch.tensor(number[row[f"{name}{CAUSE}"]])])

    return label


def label_all(
    targets: pd.DataFrame, labellers: Mapping[str, Labeller]
) -> dict[PatientId, dict[str, Tensor]]:
    """Every patient's known labels; a patient without any has an empty dict."""
    table: dict[PatientId, dict[str, Tensor]] = {}
    for patient, row in targets.iterrows():
        labels = {task: labeller(row) for task, labeller in sorted(labellers.items())}
        table[PatientId(str(patient))] = {t: v for t, v in labels.items() if v is not None}
    return table
