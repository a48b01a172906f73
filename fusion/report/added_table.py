"""What fusion adds to the clinical offset, as tables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

import pandas as pd

from fusion.report.added_row import AddedRow, most_changed
from fusion.report.columns import signed
from fusion.report.headline import headline
from fusion.report.metrics_file import Metrics
from fusion.report.numbers import interval, number, value
from fusion.report.sheet import Sheet
from fusion.report.summary import RunSummary
from fusion.report.tables import Block, Cell, Line, Table
from fusion.report.tasks import TaskInfo

_PARTS: Mapping[str, str] = {
    "train": "training",
    "val": "validation",
    "test": "internal test",
    "external": "external",
}


def added_sheets(summary: RunSummary, metrics: Metrics) -> Iterator[Sheet]:
    """Sizes of all tasks, and who was moved most; nothing without a clinical offset."""
    if summary.added is None:
        return
    yield _sizes(summary, metrics)
    moved = [most_changed(summary.added, task.name) for task in summary.tasks]
    if any(len(found) for found in moved):
        yield _moved(pd.concat(moved, ignore_index=True))


def sentence(metrics: Metrics, task: TaskInfo, rows: Sequence[AddedRow]) -> str:
    """What the paired comparison with the clinical model says of g."""
    mine = [row for row in rows if row.task == task.name]
    if all(row.largest == 0 for row in mine):
        return (
            f"{task.name}: no epoch had a lower validation loss than the clinical model alone, so "
            "nothing was added: the answers are those of the clinical model."
        )
    for part in ("external", "internal test"):
        about = {"task": task.name, "metric": task.primary, "part": part}
        gap = metrics.one(**about, model=metrics.model, versus=metrics.baseline)
        if metrics.baseline is None or gap is None or gap.value is None:
            continue
        said = {
            "better": "what is added makes it better",
            "worse": "what is added makes it worse",
            "unclear": "g adds nothing that a paired test can see",
            "unknown": "whether g adds anything cannot be tested",
        }[headline(metrics, task).verdict]
        return (
            f"{task.name}: {said} ({task.primary} {value(gap)} against the clinical model, 95 % "
            f"interval {interval(gap)}; {gap.n} {part.removeprefix('internal ')} patients)."
        )
    return f"{task.name}: there is no clinical model to compare with here."


def _sizes(summary: RunSummary, metrics: Metrics) -> Sheet:
    rows = metrics.added
    blocks = []
    for task, output in dict.fromkeys((row.task, row.output) for row in rows):
        lines = [_line(row) for row in rows if (row.task, row.output) == (task, output)]
        blocks.append(Block(f"{task}, {output}", tuple(lines)))
    said = tuple(sentence(metrics, task, rows) for task in summary.tasks)
    head = ("Patients of", "n", "SD of offset", "SD of g", "Share added", "Correlation", "Largest")
    table = Table("What fusion adds to the clinical offset", head, tuple(blocks), said)
    note = (
        "The answer is the frozen clinical offset plus g, on the scale of log-odds and "
        "log-hazards. Share added: what g adds to the variance of the answer; below 0 it draws "
        "answers together. Correlation: of g with the offset; far from 0, g corrects the clinical "
        "model more than it brings something new. Larger in training than elsewhere: g has "
        "learned patients by heart. A size is no gain: whether g helps, the comparison says."
    )
    return Sheet("added", table, pd.DataFrame([asdict(row) for row in rows]), note)


def _line(row: AddedRow) -> Line:
    cells = [str(row.n), number(row.offset_sd), number(row.added_sd)]
    cells.append("–" if row.share is None else f"{100 * row.share:.0f} %".replace("-", "−"))
    cells += ["–" if row.correlation is None else number(row.correlation), number(row.largest)]
    return Line(f"{row.cohort}, {_PARTS[row.part]}", tuple(map(Cell, cells)))


def _moved(found: pd.DataFrame) -> Sheet:
    blocks = []
    for task, rows in found.groupby("task", sort=False):
        lines = []
        for _, row in rows.iterrows():
            numbers = [signed(row["offset"]), signed(row["g"]), signed(row["offset"] + row["g"])]
            cells = [str(row["center"]), str(row["output"]), *numbers]
            lines.append(Line(str(row["patient_id"]), tuple(map(Cell, cells))))
        blocks.append(Block(str(task), tuple(lines)))
    head = ("Patient", "Centre", "Of", "Offset", "g", "Sum")
    table = Table("Test and external patients whose answer g changed most", head, tuple(blocks))
    return Sheet("added_most", table, found)
