"""Everything that one table tells of the rows that patients have."""

import hashlib
from collections.abc import Sequence
from itertools import groupby

import numpy as np
import pandas as pd

from fusion.data.cohort import Cohort
from fusion.data.entry import Entry
from fusion.data.readers.table import place, read_table
from fusion.doctor.facts import Outcome, RowFacts, TableFacts
from fusion.doctor.finding import FAULT, WARNING, Finding, about, some
from fusion.doctor.kinds import place_of

ALL = "all"
"""Stands for every centre together."""

ENOUGH_NUMBERS = 20
"""Different values that a row needs before an equal row of another patient is a copy of it."""

_MOST_FINDINGS = 20


def examine_table(rows: Sequence[Entry], cohort: Cohort) -> Outcome:
    """Read the table behind some rows of one modality.

    Raises:
        ReadError: where it cannot be used.
    """
    path, file = rows[0].path, place_of(rows[0], cohort)
    table = read_table(path)
    there = [r for r in rows if r.key in table.index]  # the others are faults of the manifest
    cells = table.loc[[str(r.key) for r in there]]
    by_center = sorted(there, key=lambda r: r.center)
    groups = [(ALL, there), *((c, list(g)) for c, g in groupby(by_center, lambda r: r.center))]
    found = Outcome(
        rows=_row_facts(cells, there, file),
        tables=[
            _facts(rows[0].modality, file, center, table.loc[[str(r.key) for r in group]])
            for center, group in groups
        ],
    )
    if there:
        for problem in (_infinite, _mixed):
            found.findings.extend(problem(table, cells, there, file)[:_MOST_FINDINGS])
        found.findings.extend(_idle(cells, there[0], file))
    return found


def _facts(modality: str, file: str, center: str, cells: pd.DataFrame) -> TableFacts:
    numbers = cells.select_dtypes("float64")
    known = cells.notna().sum()
    different = cells.nunique()
    return TableFacts(
        modality=modality,
        file=file,
        center=center,
        patients=len(cells),
        columns=cells.shape[1],
        text_columns=cells.shape[1] - numbers.shape[1],
        missing_share=float(cells.isna().to_numpy().mean()) if cells.size else 0.0,
        empty_columns=int((known == 0).sum()),
        constant_columns=int(((different == 1) & (known > 1)).sum()),
        nonfinite_cells=int(np.isinf(numbers.to_numpy()).sum()),
    )


def _row_facts(cells: pd.DataFrame, rows: Sequence[Entry], file: str) -> list[RowFacts]:
    numbers = cells.select_dtypes("float64")
    names = hashlib.sha256("\n".join(map(str, numbers.columns)).encode()).digest()
    found = []
    for entry, values in zip(rows, numbers.to_numpy(), strict=True):
        enough = len(np.unique(values[np.isfinite(values)])) >= ENOUGH_NUMBERS
        content = hashlib.sha256(names + values.tobytes()).hexdigest() if enough else ""
        found.append(RowFacts(entry=entry, file=file, content=content))
    return found


def _infinite(
    table: pd.DataFrame, cells: pd.DataFrame, rows: Sequence[Entry], file: str
) -> list[Finding]:
    """One for each column with infinity, at its first patient."""
    cells = cells.select_dtypes("float64")
    bad, names = np.isinf(cells.to_numpy()), list(map(str, cells.columns))
    found = []
    for column in np.flatnonzero(bad.any(axis=0)):
        entry, count = rows[int(bad[:, column].argmax())], int(bad[:, column].sum())
        message = (
            f"{place(table, str(entry.key), entry.path)}, column {names[int(column)]!r}: "
            f"infinity, which is no measurement ({count} such cells in the column); leave the "
            "cell blank where the value is not known"
        )
        found.append(about(entry, FAULT, "nonfinite", message, file))
    return found


def _mixed(
    table: pd.DataFrame, cells: pd.DataFrame, rows: Sequence[Entry], file: str
) -> list[Finding]:
    """One for each column of numbers in which a cell is a word."""
    cells = cells.select_dtypes("object")
    found = []
    for column in cells.columns:
        known = cells[column].notna().to_numpy()
        words = known & pd.to_numeric(cells[column], errors="coerce").isna().to_numpy()
        if not words.any() or 2 * words.sum() >= known.sum():
            continue
        entry = rows[int(words.argmax())]
        message = (
            f"{place(table, str(entry.key), entry.path)}, column {column!r}: "
            f"{str(cells[column].iloc[int(words.argmax())])[:80]!r} in a column of numbers "
            f"({int(words.sum())} such cells in the column); correct it, or list the column's "
            "values under `categorical` in the configuration"
        )
        found.append(about(entry, FAULT, "text", message, file))
    return found


def _idle(cells: pd.DataFrame, first: Entry, file: str) -> list[Finding]:
    """Columns that can teach nothing."""
    known, different = cells.notna().sum(), cells.nunique()
    sorts = (
        ("empty", known == 0, "no value for any patient"),
        ("constant", (different == 1) & (known > 1), "one value for every patient"),
    )
    return [
        about(
            first,
            WARNING,
            kind,
            f"{int(which.sum())} of {len(which)} columns hold {what}: "
            f"{some([repr(str(c)) for c in cells.columns[which.to_numpy()]])}; they teach nothing",
            file,
        )
        for kind, which, what in sorts
        if which.any()
    ]
