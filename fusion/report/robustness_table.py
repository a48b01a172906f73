"""Robustness to missing modalities: a figure of all subsets, a table of the telling ones."""

from collections.abc import Iterator, Sequence

from fusion.report.columns import Column, line, signed, two
from fusion.report.drawing import Blank, Drawing
from fusion.report.figure_robustness import figure_robustness
from fusion.report.measured import Measured, as_table
from fusion.report.outcome import is_binary
from fusion.report.robustness_rows import LOST, modalities, robustness_rows
from fusion.report.sheet import Sheet
from fusion.report.summary import RunSummary
from fusion.report.tables import Block, Table
from fusion.report.task_scores import JUDGED
from fusion.report.tasks import TaskInfo


def robustness_items(
    summary: RunSummary, *, draws: int, seed: int
) -> Iterator[Sheet | Drawing | Blank]:
    """Of all tasks; nothing where nobody hid a modality."""
    if summary.robustness is None:
        return
    for task in summary.tasks:
        rows = list(robustness_rows(summary.robustness, task, draws=draws, seed=seed))
        if not any(row.value is not None for row in rows):
            title = f"Without some modalities: {task.name}"
            yield Blank(title, rows[0].reason if rows else "nobody with a label")
            continue
        yield figure_robustness(task, rows)
        yield _sheet(task, rows)


def set_aside(summary: RunSummary) -> Sequence[str]:
    """Modalities that were hidden from everybody, since too few patients have them and the rest."""
    if summary.robustness is None:
        return []
    seen = {m for name in summary.robustness["model"].unique() for m in modalities(name)}
    return sorted({str(c) for c in summary.presence.columns} - seen)


def _sheet(task: TaskInfo, rows: Sequence[Measured]) -> Sheet:
    names = list(dict.fromkeys(row.model for row in rows))
    most = max(len(modalities(name)) for name in names)
    shown = [n for n in names if most <= 3 or len(modalities(n)) in (1, most - 1, most)]
    counted = task.kind == "survival" or is_binary(task)
    columns = (Column(task.primary, task.primary, two), Column("Lost", LOST, signed))
    blocks = []
    for part, title in JUDGED.items():
        lines = []
        for name in shown:
            mine = [row for row in rows if (row.model, row.part) == (name, part)]
            if mine:
                whole = len(modalities(name)) == most
                where = f"{name}, {title.lower()}"
                lines.append(line(name, mine, columns, where=where, counted=counted, main=whole))
        if lines:
            blocks.append(Block(title, tuple(lines)))
    noun = ["Events" if task.kind == "survival" else "Positive"] if counted else []
    head = ("What is left", "Patients", *noun, *(c.title for c in columns))
    few = "" if len(shown) == len(names) else " The other subsets are in the figure and the CSV."
    note = (
        f"Lost: {task.primary} with everything minus {task.primary} with what is left, in the same "
        f"patients; above 0 the hidden modalities helped. 95 % intervals over patients.{few}"
    )
    table = Table(f"{task.name}: without some modalities", head, tuple(blocks))
    return Sheet(f"robustness_{task.name}", table, as_table(rows), note, folded=True)
