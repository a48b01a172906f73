"""`targets.csv`: what is known of each patient's outcome."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from fusion.data.identifiers import patient_problem, target_problem
from fusion.data.sheet import Row, number, read_sheet
from fusion.errors import Fault
from fusion.types import PatientId

TIME = "_time_days"
"""Ending of a survival's column of times."""

EVENT = "_event"
"""Ending of a survival's column of events: 1 where it happened, 0 where it was censored."""

CAUSE = "_cause"
"""Ending of a column that says which of several competing events happened."""


@dataclass
class Targets:
    """What could be read, and everything that is wrong with it."""

    columns: tuple[str, ...] = ()
    values: dict[PatientId, dict[str, str | float | None]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    """Line of every id, unusable ones included."""
    faults: list[Fault] = field(default_factory=list)

    def table(self, patients: Iterable[PatientId]) -> pd.DataFrame:
        """One row per patient, in this order; survival as floats, all else as text or None."""
        order = list(patients)
        index = pd.Index(order, name="patient_id", dtype=object)
        columns = {
            column: pd.Series(
                [self.values[p][column] for p in order],
                index=index,
                dtype="float64" if column.endswith((TIME, EVENT)) else object,
            )
            for column in self.columns
        }
        return pd.DataFrame(columns, index=index)


def read_targets(path: Path) -> Targets:
    """Read and validate `targets.csv`."""
    sheet = read_sheet(path, ("patient_id",), None)
    columns = tuple(c for c in sheet.columns if c != "patient_id")
    found = Targets(columns, faults=list(sheet.faults))
    found.faults += _header_faults(columns, path.name)
    if "patient_id" not in sheet.columns:
        return found
    for row in sheet.rows:
        text = row.cells["patient_id"].strip()
        problems = [patient_problem(text)]
        if text in found.lines:
            problems.append(f"a second row for this patient, after line {found.lines[text]}")
        found.lines.setdefault(text, row.line)
        values, value_problems = _values(row, columns)
        known = None if problems[0] else PatientId(text)
        if known is not None:
            found.values.setdefault(known, values)
        for problem in (*problems, *value_problems):
            if problem:
                found.faults.append(Fault(problem, path.name, row.line, known))
    found.faults.sort(key=lambda fault: fault.line or 0)
    return found


def _header_faults(columns: tuple[str, ...], name: str) -> list[Fault]:
    faults = [Fault(p, name, 1) for c in columns if c and (p := target_problem(c))]
    for column in columns:
        for ending, other in ((TIME, EVENT), (EVENT, TIME)):
            stem = column.removesuffix(ending)
            if column.endswith(ending) and stem + other not in columns:
                message = f"column {column!r} without {stem + other!r}; survival needs both"
                faults.append(Fault(message, name, 1))
    return faults


def _values(
    row: Row, columns: tuple[str, ...]
) -> tuple[dict[str, str | float | None], list[str | None]]:
    values: dict[str, str | float | None] = {}
    problems: list[str | None] = []
    for column in columns:
        cell = row.cells[column].strip()
        values[column] = cell or None
        if not cell or not column.endswith((TIME, EVENT)):
            continue
        value = number(cell)
        values[column] = None if isinstance(value, str) else value
        if isinstance(value, str):
            problems.append(f"{column} {value}")
        elif column.endswith(TIME) and value < 0:
            problems.append(f"{column} {cell} is below zero; give days since diagnosis")
        elif column.endswith(EVENT) and value not in (0.0, 1.0):
            problems.append(f"{column} {cell} is neither 0 (censored) nor 1 (happened)")
    for column in columns:
        stem = column.removesuffix(EVENT)
        if column.endswith(EVENT) and stem + TIME in row.cells:
            has_time, has_event = bool(row.cells[stem + TIME]), bool(row.cells[column])
            if has_event and not has_time:
                problems.append(f"{column} without {stem + TIME}; give both or leave both blank")
            if has_time and not has_event:
                problems.append(f"{stem + TIME} without {column}; give both or leave both blank")
    return values, problems
