"""The most wrong patients as a table."""

from fusion.report.drawing import Blank
from fusion.report.most_wrong import as_rows, most_wrong
from fusion.report.sheet import Sheet
from fusion.report.summary import RunSummary
from fusion.report.tables import Block, Cell, Line, Table
from fusion.report.task_scores import JUDGED, TaskScores


def most_wrong_sheet(case: TaskScores, summary: RunSummary) -> Sheet | Blank:
    """Who, what was true, what was said, and what the model had to go by."""
    title = f"{case.task.name}: the most wrong"
    found = most_wrong(case)
    if not found:
        everybody = any(len(case.of(case.main, part)) for part in JUDGED)
        return Blank(title, "nobody" if everybody else "no test or external patients with a label")
    known = bool(len(summary.presence.columns))
    survival = case.task.kind == "survival"
    lines, had = [], []
    for row in found:
        present = summary.presence.loc[row.patient_id]
        had.append(", ".join(str(m) for m in summary.presence.columns if present[m]))
        cells = [row.center, row.truth, row.said, row.shown]
        cells += [row.baseline] if case.baseline else []
        cells += [had[-1]] if known else []
        lines.append(Line(row.patient_id, tuple(Cell(text) for text in cells)))
    how = "How wrong" if survival else "Probability of the truth"
    head = ["Patient", "Centre", "In truth", case.main, how]
    head += ([case.baseline] if case.baseline else []) + (["Had"] if known else [])
    table = Table(title, tuple(head), (Block("", tuple(lines)),))
    data = as_rows(found)
    return Sheet(f"most_wrong_{case.task.name}", table, data.assign(had=had) if known else data)
