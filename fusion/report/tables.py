"""Tables of results, laid out for reading; the template only prints them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fusion.report.metric_row import MetricRow
from fusion.report.metrics_file import Metrics
from fusion.report.numbers import interval, p_value, value
from fusion.report.tasks import TaskInfo

_NOTES = 6
"""More footnotes than this are told by kind of reason."""

_NAMED = 12
"""Places named for one kind."""


@dataclass(frozen=True)
class Cell:
    """What is printed."""

    text: str
    interval: str = ""
    note: tuple[str, str, str] = ("", "", "")
    """(metric of model, where, why) if it has no value."""


@dataclass(frozen=True)
class Line:
    """One row: its name, and a cell per column."""

    name: str
    cells: tuple[Cell, ...]
    main: bool = False
    """Of the model that the report is about."""


@dataclass(frozen=True)
class Block:
    """Rows that belong together, such as a part."""

    name: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Table:
    """A caption, columns, and blocks of rows."""

    caption: str
    columns: tuple[str, ...]
    """The first is that of the rows' names."""
    blocks: tuple[Block, ...]

    @property
    def footnotes(self) -> tuple[str, ...]:
        """Why cells have no value, each once; by kind of reason where there are many."""
        cells = [c for block in self.blocks for line in block.lines for c in line.cells]
        notes = list(dict.fromkeys(c.note for c in cells if c.note[2]))
        places: dict[tuple[str, str], list[str]] = {}
        for what, where, why in notes:
            places.setdefault((what, why), []).append(where)
        if len(places) > _NOTES:
            return _condensed(notes)
        return tuple(
            f"{what} ({'; '.join(w)}): {why}{'' if why.endswith(('.', '?')) else '.'}"
            for (what, why), w in places.items()
        )


def _condensed(notes: Sequence[tuple[str, str, str]]) -> tuple[str, ...]:
    """Kind of reason -> where, without the models and counts that metrics.csv has.

    Example:
        >>> _condensed([("AUC", "A", "needs 2, found 1"), ("AUC", "B", "needs 2, found 0")])
        ('No value (needs 2) at: A; B.', 'The reason of each stands in metrics.csv.')
    """
    kinds: dict[str, list[str]] = {}
    for _, place, why in notes:
        found = kinds.setdefault(re.split(r",? (?:found|among) ", why)[0], [])
        if place not in found:
            found.append(place)
    told = []
    for kind, places in kinds.items():
        more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
        told.append(f"No value ({kind}) at: {'; '.join(places[:_NAMED])}{more}.")
    return (*told, "The reason of each stands in metrics.csv.")


def results(metrics: Metrics, task: TaskInfo) -> Table:
    """Models x metrics over all centres of a part, and by how much the main model exceeds each."""
    mine = [r for r in metrics.rows if r.task == task.name and r.pooled]
    names = tuple(dict.fromkeys(r.metric for r in mine if r.versus is None))
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


def by_center(metrics: Metrics, task: TaskInfo) -> Table:
    """Centres x models: the primary metric, and the difference from the baseline."""
    mine = [
        r
        for r in metrics.rows
        if r.task == task.name and r.metric == task.primary and r.part != "validation"
    ]
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
    return Table(f"{task.name}: {task.primary} by centre", columns, tuple(blocks))


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


def _cell(row: MetricRow) -> Cell:
    whose = row.model if row.versus is None else f"{row.model} minus {row.versus}"
    note = (f"{row.metric} of {whose}", _where(row), row.reason) if row.reason else ("", "", "")
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
