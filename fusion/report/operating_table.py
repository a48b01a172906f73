"""Thresholds and confusion matrices as tables."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from fusion.report.columns import Column, line
from fusion.report.drawing import Blank
from fusion.report.measured import as_table
from fusion.report.numbers import number
from fusion.report.operating_points import operating_rows
from fusion.report.outcome import is_binary, outcomes
from fusion.report.sheet import Sheet
from fusion.report.tables import Block, Cell, Line, Table
from fusion.report.task_scores import JUDGED, TaskScores
from fusion.statistics.confusion import confusion

_COLUMNS = (
    Column("Sensitivity", "sensitivity"),
    Column("Specificity", "specificity"),
    Column("Balanced accuracy", "balanced accuracy"),
    Column("PPV", "PPV"),
    Column("NPV", "NPV"),
)


def operating_sheets(case: TaskScores, *, sensitivity: float) -> Iterator[Sheet | Blank]:
    """For two classes what thresholds do, for more who is taken for whom."""
    if is_binary(case.task):
        yield _thresholds(case, sensitivity)
    elif case.task.kind != "survival":
        yield from _confusion(case)


def _thresholds(case: TaskScores, sensitivity: float) -> Sheet | Blank:
    name, positive = case.task.name, outcomes(case.task)[0].name
    title = f"{name}: called {positive} from a threshold on"
    rows = list(operating_rows(case, sensitivity=sensitivity))
    if all(row.value is None for row in rows):
        return Blank(title, rows[0].reason if rows else "no test or external patients")
    blocks = []
    for model, what in dict.fromkeys((row.model, row.outcome) for row in rows):
        mine = [row for row in rows if (row.model, row.outcome) == (model, what)]
        lines = []
        for part, place in dict.fromkeys((row.part, row.group) for row in mine):
            if place != "all" and (part != "external" or model != case.main):
                continue  # in the CSV
            here = [row for row in mine if (row.part, row.group) == (part, place)]
            label = JUDGED[part] if place == "all" else place
            lines.append(
                line(label, here, _COLUMNS, where=f"{model}, {label}", main=place == "all")
            )
        at = next(row for row in mine if row.measure == "threshold").value
        limit = "no threshold" if at is None else f"from {number(at)} on"
        rule = what.removeprefix(f"{positive}, ")
        blocks.append(Block(f"{model}, {rule}: {limit}", tuple(lines)))
    head = ("", "Patients", "Positive", *(c.title for c in _COLUMNS))
    note = (
        "Thresholds are chosen on validation patients alone, those of the training run where the "
        "model comes from another: the one of the largest sum of "
        f"sensitivity and specificity (Youden), and the highest that finds {sensitivity:g} of "
        f"those with {positive} there. 95 % intervals by Wilson. PPV and NPV: share of those "
        "called positive, and negative, who are so; they hang on how frequent it is here."
    )
    return Sheet(f"operating_{name}", Table(title, head, tuple(blocks)), as_table(rows), note)


def _confusion(case: TaskScores) -> Iterator[Sheet]:
    names = case.task.classes
    blocks, rows = [], []
    for part, title in JUDGED.items():
        found = case.of(case.main, part)
        if len(found) == 0:
            continue
        matrix = confusion(found.values, found.target.astype(np.int64))
        lines = []
        for i, name in enumerate(names):
            cells = [Cell(str(int(matrix.counts[i].sum())))]
            for j, other in enumerate(names):
                row = {"part": part, "true": name, "called": other, "n": int(matrix.counts[i, j])}
                share = matrix.shares.get((i, j))
                text = "" if share is None else f"{100 * share.value:.0f} %"
                cells.append(Cell(str(row["n"]), text))
                if share is not None:
                    row |= {"share": share.value, "low": share.low, "high": share.high}
                rows.append(row)
            lines.append(Line(name, tuple(cells)))
        blocks.append(Block(f"{title}, {case.main}", tuple(lines)))
    if not blocks:
        return
    head = ("True class", "Patients", *(f"called {name}" for name in names))
    note = "Each patient is called by the likeliest class; shares are of the patients of a class."
    table = Table(f"{case.task.name}: who is taken for whom", head, tuple(blocks))
    yield Sheet(f"confusion_{case.task.name}", table, pd.DataFrame(rows), note)
