"""Tables of results: models by metric, models by centre, and differences."""

from collections.abc import Sequence

from fusion.report.measures_survival import D_CALIBRATION
from fusion.report.metric_row import MetricRow
from fusion.report.metrics_file import Metrics
from fusion.report.numbers import interval, p_value, value
from fusion.report.small_centers import without_small
from fusion.report.tables import Block, Cell, Line, Table
from fusion.report.tasks import TaskInfo

_FURTHER = ("AUC at", "Brier at", D_CALIBRATION)
"""Of survival, in a table of their own."""


def results(metrics: Metrics, task: TaskInfo) -> Table:
    """Models x metrics over all centres of a part, and by how much the main model exceeds each."""
    mine = [r for r in metrics.rows if r.task == task.name and r.pooled]
    names = tuple(n for n in _metrics(mine) if not n.startswith(_FURTHER))
    compared = any(r.versus for r in mine)
    counted = {"survival": ("Events",)}.get(
        task.kind, ("Positive",) if len(task.classes) == 2 else ()
    )
    blocks = []
    for part in dict.fromkeys(r.part for r in mine):
        here = [r for r in mine if r.part == part]
        lines = []
        for model in dict.fromkeys(r.model for r in here if r.versus is None):
            own = {r.metric: r for r in here if r.model == model and r.versus is None}
            gap = next((r for r in here if r.versus == model and r.metric == task.primary), None)
            first = own[task.primary]
            events = (Cell(str(first.events)),) if counted else ()
            gaps = _gap(gap) if compared else ()
            cells = (Cell(str(first.n)), *events, *(_cell(own[n]) for n in names), *gaps)
            lines.append(Line(model, cells, main=model == metrics.model))
        blocks.append(Block(_title(part), tuple(lines)))
    gap_titles = (f"{metrics.model} minus this: {task.primary}", "p") if compared else ()
    columns = ("Model", "Patients", *counted, *map(_upper, names), *gap_titles)
    return Table(f"{task.name}: all patients of a part", columns, tuple(blocks))


def at_horizons(metrics: Metrics, task: TaskInfo) -> Table | None:
    """Models x what stands at single days of survival, and whether curves are calibrated."""
    mine = [r for r in metrics.rows if r.task == task.name and r.pooled and r.versus is None]
    names = tuple(n for n in _metrics(mine) if n.startswith(_FURTHER))
    if task.kind != "survival" or not names:
        return None
    blocks = []
    for part in dict.fromkeys(r.part for r in mine):
        lines = []
        for model in dict.fromkeys(r.model for r in mine if r.part == part):
            own = {r.metric: r for r in mine if r.part == part and r.model == model}
            lines.append(
                Line(model, tuple(_cell(own[n]) for n in names), main=model == metrics.model)
            )
        blocks.append(Block(_title(part), tuple(lines)))
    title = f"{task.name}: at single days, and over the curve"
    return Table(title, ("Model", *map(_upper, names)), tuple(blocks))


def by_center(metrics: Metrics, task: TaskInfo) -> Table:
    """Centres x models: the primary metric, and the difference from the baseline."""
    mine, small = without_small(
        [
            r
            for r in metrics.rows
            if r.task == task.name and r.metric == task.primary and r.part != "validation"
        ]
    )
    plain = [r for r in mine if r.versus is None]
    models = tuple(dict.fromkeys(r.model for r in plain))
    blocks = []
    for part in dict.fromkeys(r.part for r in mine):
        lines = []
        for place in dict.fromkeys((r.cohort, r.center) for r in plain if r.part == part):
            here = [r for r in mine if r.part == part and (r.cohort, r.center) == place]
            own = {r.model: r for r in here if r.versus is None}
            gap = next((r for r in here if r.versus and r.versus == metrics.baseline), None)
            n = own[metrics.model].n if metrics.model in own else max(r.n for r in own.values())
            gaps = _gap(gap)[:1] if metrics.baseline else ()
            cells = (Cell(str(n)), *(_cell(own[m]) for m in models), *gaps)
            lines.append(Line(_place(*place), cells, main=place == ("all", "all")))
        blocks.append(Block(_title(part), tuple(lines)))
    gap_titles = (f"{metrics.model} minus {metrics.baseline}",) if metrics.baseline else ()
    columns = ("Centre", "Patients", *models, *gap_titles)
    title = f"{task.name}: {task.primary} by centre"
    return Table(title, columns, tuple(blocks), (small,) if small else ())


def differences(metrics: Metrics, tasks: Sequence[TaskInfo]) -> Table:
    """What the main model adds to each other one, externally or else on the test part."""
    blocks = []
    for task in tasks:
        mine = [
            r
            for r in metrics.rows
            if r.task == task.name
            and r.metric == task.primary
            and r.pooled
            and r.versus not in (None, metrics.baseline)
        ]
        part = "external" if any(r.part == "external" for r in mine) else "internal test"
        lines = [Line(str(r.versus), (Cell(str(r.n)), *_gap(r))) for r in mine if r.part == part]
        if lines:
            blocks.append(Block(f"{task.name}, {task.primary}, {part}", tuple(lines)))
    columns = ("Compared with", "Patients of both", f"{metrics.model} minus this", "p")
    return Table("What fusing adds to each other model", columns, tuple(blocks))


def _metrics(rows: Sequence[MetricRow]) -> list[str]:
    return list(dict.fromkeys(r.metric for r in rows if r.versus is None))


def _cell(row: MetricRow) -> Cell:
    whose = row.model if row.versus is None else f"{row.model} minus {row.versus}"
    note = (f"{row.metric} of {whose}", _where(row), row.reason) if row.reason else ("", "", "")
    if row.metric == D_CALIBRATION and row.value is not None:
        return Cell(p_value(row.value), "", note)  # a p-value has no interval
    return Cell(value(row), interval(row), note)


def _gap(row: MetricRow | None) -> tuple[Cell, Cell]:
    if row is None:
        return Cell("–"), Cell("–")
    return _cell(row), Cell(p_value(row.p) or "–")


def _where(row: MetricRow) -> str:
    return row.part if row.pooled else f"{row.part}, {_place(row.cohort, row.center)}"


def _place(cohort: str, center: str) -> str:
    if center != "all":
        return center
    return "All centres" if cohort == "all" else f"All of {cohort}"


def _title(part: str) -> str:
    return {"external": "External centres"}.get(part, _upper(part))


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
