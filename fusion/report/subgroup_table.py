"""Subgroups as tables: the primary metric in each, and whether a threshold treats them alike."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from fusion.report.columns import Column, line, two
from fusion.report.drawing import Blank, Drawing
from fusion.report.fairness_rows import fairness_rows
from fusion.report.fairness_table import fairness_sheet
from fusion.report.figure_subgroups import figure_subgroups
from fusion.report.measured import Measured, as_table
from fusion.report.outcome import is_binary
from fusion.report.sheet import Sheet
from fusion.report.subgroup_rows import FEW, subgroup_rows
from fusion.report.tables import Block, Cell, Line, Table
from fusion.report.task_scores import JUDGED, MINIMUM, TaskScores


def subgroup_items(
    case: TaskScores,
    groups: Mapping[str, pd.Series],
    *,
    sensitivity: float,
    draws: int,
    seed: int,
) -> Iterator[Sheet | Drawing | Blank]:
    """All there is to say of a task."""
    rows = list(subgroup_rows(case, groups, draws=draws, seed=seed))
    if not rows:
        yield Blank(f"Subgroups: {case.task.name}", "no test or external patients")
        return
    yield figure_subgroups(case.task, case.main, rows)
    yield _sheet(case, rows)
    if is_binary(case.task):
        found = fairness_rows(case, groups, sensitivity=sensitivity, draws=draws, seed=seed)
        yield found if isinstance(found, Blank) else fairness_sheet(case, found)


def _sheet(case: TaskScores, rows: Sequence[Measured]) -> Sheet:
    parts = [part for part in JUDGED if any(row.part == part for row in rows)]
    counted = case.task.kind == "survival" or is_binary(case.task)
    noun = "events" if case.task.kind == "survival" else "positive"
    column = Column(case.task.primary, case.task.primary, two)
    blocks = []
    for name in dict.fromkeys(row.outcome for row in rows):
        mine = [row for row in rows if row.outcome == name]
        lines = []
        for group in dict.fromkeys(row.group for row in mine):
            cells: list[Cell] = []
            for part in parts:
                here = [row for row in mine if (row.group, row.part) == (group, part)]
                label = f"{'' if name == 'all' else f'{name} '}{group}, {JUDGED[part].lower()}"
                found = line("", here, [column], where=label, counted=counted, said=FEW)
                cells += found.cells if here else [Cell("–")] * (len(found.cells))
            title = "All patients" if name == "all" else group
            lines.append(Line(title, tuple(cells), main=name == "all"))
        blocks.append(Block("" if name == "all" else name, tuple(lines)))
    head = [""]
    for part in parts:
        head += [f"{JUDGED[part]}: patients", *([noun] if counted else []), case.task.primary]
    note = (
        f"{case.task.primary} of {case.main} with 95 % intervals over resampled patients of the "
        f"group; groups of fewer than {MINIMUM} patients have no number. Groups may differ because "
        "their patients do: where the outcome is rarer or harder to tell, so is the number."
    )
    table = Table(f"{case.task.name}: {case.task.primary} in subgroups", tuple(head), tuple(blocks))
    return Sheet(f"subgroups_{case.task.name}", table, as_table(rows), note, folded=True)
