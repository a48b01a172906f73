"""Net benefit at a few thresholds as a table."""

import pandas as pd

from fusion.report.numbers import number
from fusion.report.sheet import Sheet
from fusion.report.tables import Block, Cell, Line, Table
from fusion.report.task_scores import JUDGED, TaskScores


def decision_sheet(case: TaskScores, data: pd.DataFrame) -> Sheet | None:
    """A block per part and outcome, a line per threshold.

    Args:
        case: any task.
        data: from `decision_table`.
    """
    if data.empty:
        return None
    shown = data[data["shown"]]
    compared = case.baseline if "gap" in shown else None
    blocks = []
    for (part, outcome), mine in shown.groupby(["part", "outcome"], sort=False):
        main = mine[mine["model"] == case.main].set_index("threshold")
        if main.empty:
            continue
        other = mine[mine["model"] == compared].set_index("threshold")
        counts = f"{int(main['n'].iloc[0])} patients, {int(main['events'].iloc[0])} with it"
        lines = [
            Line(f"{t:g}", tuple(_cells(row, other, float(str(t)), compared)))
            for t, row in main.iterrows()
        ]
        blocks.append(Block(f"{JUDGED[str(part)]}: {outcome} ({counts})", tuple(lines)))
    head = ["Threshold", "Act on all", case.main, "Above the better of all and none"]
    head += ["Avoided per 100", *([compared, f"{case.main} minus it"] if compared else [])]
    both = f" Patients are those that {case.main} and {compared} predicted." if compared else ""
    note = (
        f"Net benefit per patient; acting on none is worth 0.{both} Avoided: interventions in vain "
        "that are spared per 100 patients against acting on all, nobody more being missed; below "
        "0 the model spares none. The thresholds were set before the data were seen; which is "
        "right, a clinician must say."
    )
    table = Table(f"{case.task.name}: net benefit", tuple(head), tuple(blocks))
    return Sheet(
        f"net_benefit_{case.task.name}", table, shown.drop(columns="shown"), note, folded=True
    )


def _cells(
    row: pd.Series, other: pd.DataFrame, threshold: float, compared: str | None
) -> list[Cell]:
    cells = [
        Cell(number(float(row["act_on_all"]))),
        Cell(number(float(row["net_benefit"]))),
        _signed(row, "advantage"),
        Cell(number(float(row["avoided"]), decimals=0)),
    ]
    if compared is None:
        return cells
    if threshold not in other.index or pd.isna(row["gap"]):
        return [*cells, Cell("–"), Cell("–")]
    return [*cells, Cell(number(float(other["net_benefit"].loc[threshold]))), _signed(row, "gap")]


def _signed(row: pd.Series, name: str) -> Cell:
    value, low, high = (
        number(float(row[column]), signed=True) for column in (name, f"{name}_low", f"{name}_high")
    )
    return Cell(value, f"{low} to {high}")
