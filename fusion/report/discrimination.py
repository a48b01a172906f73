"""How well patients are told apart at each external centre, and at the next one."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

import pandas as pd

from fusion.errors import UndefinedMetric
from fusion.report.columns import as_p, two
from fusion.report.drawing import Blank, Drawing
from fusion.report.figure_forest import forest
from fusion.report.outcome import is_binary
from fusion.report.pooled import METHODS, center_values
from fusion.report.pooled_row import PooledRow
from fusion.report.sheet import Sheet
from fusion.report.tables import Block, Cell, Line, Table
from fusion.report.task_scores import TaskScores
from fusion.statistics.center_auc import pool_aucs

_SHOWN = next(iter(METHODS))


def forests(case: TaskScores) -> Iterator[Drawing | Blank]:
    """The forest plot of the main model."""
    centers = center_values(case, case.main)
    task = case.task
    if not centers:
        yield Blank(f"{task.primary} over centres: {task.name}", "no external patients")
        return
    heterogeneity, interval = METHODS[_SHOWN]
    try:
        pooled = pool_aucs(centers, heterogeneity=heterogeneity, interval=interval)
    except UndefinedMetric:
        pooled = None
    counted = "positives" if is_binary(task) else "events" if task.kind == "survival" else ""
    yield forest(centers, pooled, task=task.name, metric=task.primary, counted=counted)


def pooled_sheet(rows: Sequence[PooledRow], main: str) -> Sheet | None:
    """All models of all tasks; the main one by both methods."""
    if not rows:
        return None
    blocks = []
    for task, metric in dict.fromkeys((row.task, row.metric) for row in rows):
        mine = [row for row in rows if row.task == task]
        kept = [row for row in mine if row.method == _SHOWN or row.model == main]
        if all(row.value is None for row in kept):
            kept = kept[:1]
        blocks.append(Block(f"{task}, {metric}", tuple(_line(row, main) for row in kept)))
    head = ("Model", "Centres", "Mean over centres", "A new centre", "I²", "p of being alike")
    table = Table("Pooled over the external centres", head, tuple(blocks))
    note = (
        "Random-effects means on the logit scale, of two centres or more; standard errors by "
        "DeLong for an AUC, by jackknife for a C-index or a mean of AUCs. A new centre: 95 % "
        "prediction interval for a centre like these, which needs three or more. I²: share of the "
        f"spread between centres that is more than chance. By {_SHOWN} with normal intervals, as "
        f"is mostly published; {list(METHODS)[1]} is the more careful with few centres. Centres "
        "that take no part are named in the forest plots and in the CSV."
    )
    data = pd.DataFrame([{**asdict(row), "left_out": "; ".join(row.left_out)} for row in rows])
    return Sheet("pooled", table, data, note)


def _line(row: PooledRow, main: str) -> Line:
    name = row.model if row.method == _SHOWN else f"{row.model} ({row.method})"
    if row.value is None or row.low is None or row.high is None or row.i2 is None:
        return Line(name, (Cell(str(row.centers)), *[Cell("–")] * 4), main=row.model == main)
    new = Cell("–")
    if row.predicted_low is not None and row.predicted_high is not None:
        new = Cell(f"{two(row.predicted_low)} to {two(row.predicted_high)}")
    cells = [
        Cell(str(row.centers)),
        Cell(two(row.value), f"{two(row.low)} to {two(row.high)}"),
        new,
        Cell(f"{100 * row.i2:.0f} %"),
        Cell("–" if row.q_p is None else as_p(row.q_p)),
    ]
    return Line(name, tuple(cells), main=row.model == main)
