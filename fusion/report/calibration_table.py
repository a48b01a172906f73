"""The calibration of a task as tables."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from fusion.report.calibration_rows import FEW, calibration_rows
from fusion.report.calibration_survival import survival_calibration_rows
from fusion.report.columns import Column, as_p, line, signed
from fusion.report.measured import Measured, as_table
from fusion.report.numbers import number
from fusion.report.outcome import is_binary
from fusion.report.sheet import Sheet
from fusion.report.tables import Block, Cell, Line, Table
from fusion.report.task_scores import JUDGED, MINIMUM, TaskScores
from fusion.report.update_gain import REPEATS, update_rows

_CLASSES = (
    Column("In the large", "in the large"),
    Column("Slope", "slope"),
    Column("O:E", "O:E"),
    Column("ECE", "ECE", below=("MCE",)),
    Column("ICI", "ICI", below=("E50", "E90")),
    Column("Brier", "Brier", number),
    Column("Scaled Brier", "scaled Brier"),
    Column("Spiegelhalter p", "Spiegelhalter p", as_p),
)

_SURVIVAL = (
    Column("Observed", "observed"),
    Column("Predicted", "predicted"),
    Column("O:E", "O:E"),
)

_UPDATES = (
    Column("Brier as it came", "as it came", number),
    Column("Change by a new intercept", "intercept", signed),
    Column("Change by intercept and slope", "intercept and slope", signed),
)


def calibration_sheets(case: TaskScores, *, draws: int, seed: int) -> Iterator[Sheet]:
    """All there is to say of a task; nothing where no model gives probabilities."""
    name = case.task.name
    if case.task.kind == "survival":
        rows = list(survival_calibration_rows(case))
        columns: Sequence[Column] = _SURVIVAL
    else:
        rows = list(calibration_rows(case, draws=draws, seed=seed))
        columns = _CLASSES
    if any(row.value is not None for row in rows):
        counted = "Events" if case.task.kind == "survival" else "Positive"
        head = ("", "Patients", counted, *(c.title for c in columns))
        table = Table(f"{name}: calibration", head, tuple(_blocks(case, rows, columns)))
        yield Sheet(f"calibration_{name}", table, as_table(rows))
    if is_binary(case.task):
        rows = list(update_rows(case, draws=draws, seed=seed))
        if any(row.value is not None for row in rows):
            yield _updates(name, rows)


def _blocks(
    case: TaskScores, rows: Sequence[Measured], columns: Sequence[Column]
) -> Iterator[Block]:
    """All patients of each part, a line per model and outcome; then centres where alike."""
    several = len({row.outcome for row in rows}) > 1
    for part, title in JUDGED.items():
        places = dict.fromkeys(row.group for row in rows if row.part == part)
        for place in places:
            here = [row for row in rows if (row.part, row.group) == (part, place)]
            lines = []
            for model, outcome in dict.fromkeys((row.model, row.outcome) for row in here):
                mine = [row for row in here if (row.model, row.outcome) == (model, outcome)]
                what = f"{model}: {outcome}" if several else model
                where = f"{what}, {title.lower()}" if place == "all" else place
                lines.append(line(what, mine, columns, where=where, main=model == case.main))
            yield Block(title if place == "all" else place, tuple(_once(lines, case.main)))


def _once(lines: Sequence[Line], model: str) -> Sequence[Line]:
    """Of a centre of which nothing can be said, one line."""
    if len(lines) == 1 or any(cell.text != "–" for line in lines for cell in line.cells[2:]):
        return lines
    several = len({line.cells[1] for line in lines}) > 1
    first = lines[0].cells
    cells = (first[0], Cell("–") if several else first[1], *first[2:])
    return [replace(lines[0], name=model, cells=cells)]


def _updates(name: str, rows: Sequence[Measured]) -> Sheet:
    lines = []
    for place in dict.fromkeys(row.group for row in rows):
        mine = [row for row in rows if row.group == place]
        title = "All of these centres" if place == "all" else place
        lines.append(
            line(title, mine, _UPDATES, where=title, counted=False, main=place == "all", said=FEW)
        )
    head = ("Centre", "Patients", *(c.title for c in _UPDATES))
    note = (
        "What if each external centre updated the model on half of its own patients before using "
        f"it? Each half is judged with the update that the other half calls for ({REPEATS} random "
        "cuts, averaged). Below 0 the update helps; above 0 the centre has too few patients for "
        f"it. Centres with fewer than {MINIMUM} patients with, or without, the outcome cannot be "
        "updated. These are not results of the model as it came: nothing else on this page is "
        "updated."
    )
    table = Table(f"{name}: what updating would gain", head, (Block("", tuple(lines)),))
    return Sheet(f"update_{name}", table, as_table(rows), note, folded=True)
