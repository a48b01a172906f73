"""Subgroups at a threshold as a table: each group, and how far apart they are."""

from collections.abc import Sequence

import pandas as pd

from fusion.report.columns import as_p, two
from fusion.report.drawing import short
from fusion.report.fairness_rows import GroupsAtThreshold
from fusion.report.numbers import number
from fusion.report.sheet import Sheet
from fusion.report.tables import Block, Cell, Line, Table
from fusion.report.task_scores import JUDGED, MINIMUM, TaskScores
from fusion.statistics.fairness import Fairness, Group
from fusion.statistics.group_gap import Gap
from fusion.statistics.group_measures import MEASURES

_TITLES = {"TPR": "Sensitivity", "FPR": "False alarms", "net benefit": "Net benefit"}


def fairness_sheet(case: TaskScores, groups: GroupsAtThreshold) -> Sheet:
    """A block per characteristic: a line per group, then the gap between the farthest two."""
    blocks = []
    for name, found in groups.found.items():
        lines = [_group(group) for group in found.groups]
        if found.gaps:
            lines.append(_gaps(found.gaps))
        blocks.append(Block(name, tuple(lines)))
    measures = [_TITLES.get(m, m[:1].upper() + m[1:]) for m in MEASURES]
    head = ("", "Patients", "Positive", *measures)
    where = JUDGED[groups.part].lower()
    note = (
        f"{case.main} at the threshold {number(groups.threshold)}, chosen on validation patients "
        f"(Youden), on {where}. False alarms: share of the negatives that are called positive. "
        "Gap: of the group with the highest and the one with the lowest value; p: how often groups "
        "dealt at random are as far apart; worst: the group that is served worst. Nothing is "
        "corrected for the number of groups and measures, and groups of few patients can hide a "
        f"gap. Groups with fewer than {MINIMUM} patients of a class have no numbers."
    )
    title = f"{case.task.name}: subgroups at a threshold"
    return Sheet(
        f"fairness_{case.task.name}", Table(title, head, tuple(blocks)), _data(groups), note
    )


def _group(group: Group) -> Line:
    counts = (Cell(str(group.n)), Cell(str(group.positives)))
    if group.too_small:
        return Line(group.name, (*counts, *[Cell("–")] * len(MEASURES)))
    cells = [
        Cell(two(found.value), f"{two(found.low)} to {two(found.high)}")
        for found in (group.measures[m] for m in MEASURES)
    ]
    return Line(group.name, (*counts, *cells))


def _gaps(gaps: Sequence[Gap]) -> Line:
    found = {gap.measure: gap for gap in gaps}
    cells = [Cell(""), Cell("")]
    for gap in (found[m] for m in MEASURES):
        p = as_p(gap.p)
        written = f"p {p}" if p.startswith("<") else f"p = {p}"
        cells.append(Cell(two(gap.value), f"{written}; worst: {short(gap.worst, 18)}"))
    return Line("Gap", tuple(cells), main=True)


def _data(groups: GroupsAtThreshold) -> pd.DataFrame:
    about = {"part": groups.part, "threshold": groups.threshold}
    rows: list[dict[str, object]] = []
    for name, found in groups.found.items():
        rows += [{**about, "characteristic": name, **row} for row in _rows(found)]
    return pd.DataFrame(rows)


def _rows(found: Fairness) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for group in found.groups:
        who = {"group": group.name, "n": group.n, "positives": group.positives}
        if group.too_small:
            rows.append({**who, "reason": group.too_small})
        for measure, value in group.measures.items():
            numbers = {"value": value.value, "low": value.low, "high": value.high}
            rows.append({**who, "measure": measure, **numbers})
    for gap in found.gaps:
        numbers = {"value": gap.value, "low": gap.low, "high": gap.high, "p": gap.p}
        rows.append({"group": "gap", "measure": gap.measure, **numbers, "worst": gap.worst})
    return rows
