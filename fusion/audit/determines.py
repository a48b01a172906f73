"""Does an input hold the answer? A column that tells a label alone, or is named like it."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from fusion.audit.association import CLOSE, FEWEST, Labelled, Strength, strongest
from fusion.audit.check import Check, Finding

CERTAIN = 0.98
"""Lower limit from which one column is said to determine a label."""

NAMED = 0.9
"""AUC from which a column that is also named like the label is taken for the label."""

SHOWN = 3
"""Columns of each table and task that the numbers show."""

OUTCOME = frozenset({"censored", "censorship", "dead", "death", "deceased", "died", "survival"})
"""Words that mean survival, whatever the task is called."""

PRESENCE = "presence"
"""Name of the table that says which modalities a patient has."""

EMPTY = frozenset({"class", "days", "event", "label", "status", "target", "time", "type"})
"""Words of a task's name that name no label."""


Columns = Mapping[str, Mapping[str, pd.DataFrame]]
"""Task -> table -> training patients x inputs of that task's models, NaN = not known."""


def determined(columns: Columns, tasks: Sequence[Labelled]) -> Check:
    """Hold every column of every table against every label, on training patients.

    Args:
        columns: what the models of each task are given.
        tasks: what is known of the patients.
    """
    rows, findings = [], []
    for table, task, values in _pairs(columns, tasks):
        found = _strengths(values, task)
        for name, s in sorted(found.items(), key=lambda item: -item[1].value)[:SHOWN]:
            low = s.low if s.value >= CLOSE else np.nan  # else none was needed
            rows.append([table, name, task.name, s.against, s.n, s.value, low])
        if not found and len(values.columns):
            rows.append([table, "", task.name, f"fewer than {FEWEST} of a class", len(values)])
        findings += [_determines(table, n, task, s) for n, s in found.items() if s.low >= CERTAIN]
    return Check(
        name="column determines label",
        question="Does a single input column tell a label (AUC or C-index near 1)?",
        findings=tuple(findings),
        not_asked=""
        if any(len(row) > 5 for row in rows)
        else f"fewer than {FEWEST} of every class",
        table=pd.DataFrame(
            [[*row, None, None][:7] for row in rows],  # a table with too few of a class has none
            columns=["table", "column", "task", "tells", "n", "auc_or_c", "low"],
        ),
    )


def named_alike(columns: Columns, tasks: Sequence[Labelled]) -> Check:
    """Columns that carry the name of a task, or of its column in targets.csv, word by word.

    Args:
        columns: what the models of each task are given.
        tasks: what is known of the patients.
    """
    findings = []
    for table, task, values in _pairs(columns, tasks):
        alike = [str(c) for c in values.columns if same_word(str(c), task)]
        found = _strengths(values[alike], task)
        findings += [_named(table, name, task, found.get(name)) for name in alike]
    return Check(
        name="column named like label",
        question="Is an input column named like a label?",
        findings=tuple(findings),
    )


def same_word(column: str, task: Labelled) -> bool:
    """Whether a word of the column is one of the task's, perhaps with a number after it.

    Example:
        >>> idh = Labelled("idh", "idh_status", ("wildtype", "mutant"), {})
        >>> [same_word(c, idh) for c in ("IDH1_mut", "IDH", "idh1r132h_vaf", "MIDH", "status")]
        [True, True, False, False, False]
    """
    wanted = {w for name in (task.name, task.column) for w in _words(name)} - EMPTY
    if not task.classes:
        wanted |= OUTCOME
    return any(w in wanted or re.sub(r"\d+$", "", w) in wanted for w in _words(column))


def _words(name: str) -> list[str]:
    return [w for w in re.split(r"[^a-z0-9]+", name.casefold()) if w]


def _pairs(columns: Columns, tasks: Sequence[Labelled]) -> list[tuple[str, Labelled, pd.DataFrame]]:
    """Each table with each task, and only its patients with a label."""
    return [
        (table, task, values.loc[[p for p in values.index if p in task.values]])
        for task in tasks
        for table, values in columns[task.name].items()
    ]


def _strengths(values: pd.DataFrame, task: Labelled) -> dict[str, Strength]:
    label = np.array([task.values[p] for p in values.index], dtype=float)
    if not len(label):
        return {}
    numbers = values.to_numpy(dtype=float)
    found = {
        str(name): strongest(numbers[:, i], label, task) for i, name in enumerate(values.columns)
    }
    return {name: strength for name, strength in found.items() if strength}


def _determines(table: str, column: str, task: Labelled, s: Strength) -> Finding:
    cure = (
        f"If it is the label, or defines it, name it under tasks.{task.name}.defining.{table}; if "
        "it is a true finding, accept it with the reason"
    )
    if table == PRESENCE:
        cure = "Leave out patients or the modality, so that having it says nothing of the label"
    return Finding(
        severity="error",
        message=(
            f"{column} ({table}) alone tells {s.against} of {task.name} with {s.value:.3f} (95 % "
            f"interval from {s.low:.3f}, {s.n} training patients). {cure}"
        ),
        subject=f"{table}.{column}",
    )


def _named(table: str, column: str, task: Labelled, s: Strength | None) -> Finding:
    strong = s is not None and s.value >= NAMED
    told = f", and tells it with {s.value:.3f}" if s else ""
    return Finding(
        severity="error" if strong else "warning",
        message=(
            f"{column} of {table} is named like {task.name}{told}. If it is the label, or defines "
            f"it, name it under tasks.{task.name}.defining.{table}; else accept it with the reason"
        ),
        subject=f"{table}.{column}",
    )
