"""Rows of tables -> one row per patient."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from fusion.data.cohort import Entry, Files
from fusion.data.prepare.values import check_values
from fusion.data.readers.table import numbers, read_table, require_columns
from fusion.data.sheet import nearest
from fusion.errors import Fault, ReadError
from fusion.types import PatientId


def by_path(files: Files) -> dict[Path, list[Entry]]:
    """Manifest rows by the table that they point into, sorted."""
    paths: dict[Path, list[Entry]] = {}
    for rows in files.values():
        for row in rows:
            paths.setdefault(row.path, []).append(row)
    return dict(sorted(paths.items()))


def patient_rows(
    files: Files,
    wanted: Sequence[str],
    *,
    categorical: Mapping[str, Sequence[str]],
    log1p: bool,
) -> pd.DataFrame:
    """One row per patient, sorted by id, so that nothing fitted depends on the order of files.

    Several rows of a patient become their mean, number by number over those that are known;
    categories of several rows must agree.

    Raises:
        ReadError: for what `table_rows` refuses, or categories that disagree.
    """
    frame = pd.concat(
        [
            table_rows(path, rows, wanted, categorical=categorical, log1p=log1p)
            for path, rows in by_path(files).items()
        ]
    )
    if frame.index.is_unique:
        return frame.sort_index()
    several = frame.groupby(level=0, sort=True)
    merged = several[[c for c in wanted if c not in categorical]].mean()
    for column in (c for c in wanted if c in categorical):
        values = several[column].agg(lambda cells: sorted(set(cells.dropna())))
        torn = values[values.map(len) > 1]
        if len(torn):
            who = PatientId(str(torn.index[0]))
            found = " and ".join(torn.iloc[0])
            message = f"column {column!r} is both {found} in the patient's rows; correct one"
            raise ReadError(files[who][0].path, message, who)
        merged[column] = [cells[0] if cells else None for cells in values]
    return merged


def table_rows(
    path: Path,
    rows: Sequence[Entry],
    wanted: Sequence[str],
    *,
    categorical: Mapping[str, Sequence[str]],
    log1p: bool,
) -> pd.DataFrame:
    """The rows of one table that the manifest names, by patient and in its order.

    Raises:
        ReadError: for a row or a column that is not there, or a value that must not be.
    """
    table = read_table(path, text=categorical)
    for row in rows:
        if problem := key_problem(row, table.index):
            raise ReadError(path, problem, row.patient_id)
    keys = [str(row.key) for row in rows]
    owners = pd.Index([row.patient_id for row in rows], dtype=object)
    require_columns(table, wanted, path)
    columns = [c for c in wanted if c not in categorical]
    frame = pd.DataFrame(numbers(table, keys, columns, path), index=owners, columns=columns)
    for column in (c for c in wanted if c in categorical):
        frame[column] = table.loc[keys, [column]].to_numpy(dtype=object)[:, 0]
    check_values(frame, categorical=categorical, log1p=log1p, path=path)
    return frame


def key_problem(row: Entry, keys: Collection[str]) -> str | None:
    """What is wrong with the row that a manifest line names, if anything."""
    if row.key is None:
        return "the manifest names no row of this table; give its key"
    if row.key not in keys:
        return f"has no row {row.key!r}{nearest(row.key, keys)}"
    return None


def table_columns(
    paths: Iterable[Path], *, text: Collection[str]
) -> tuple[dict[Path, tuple[str, ...]], list[Fault]]:
    """Columns of every table that can be read, and a fault for each of the others."""
    columns: dict[Path, tuple[str, ...]] = {}
    faults: list[Fault] = []
    for path in paths:
        try:
            columns[path] = tuple(map(str, read_table(path, text=text).columns))
        except ReadError as error:
            faults.append(Fault(error.message, str(path)))
    return columns, faults


def row_faults(
    path: Path,
    rows: Sequence[Entry],
    wanted: Sequence[str],
    *,
    categorical: Mapping[str, Sequence[str]],
    log1p: bool,
) -> list[Fault]:
    """What is wrong with the rows of one table that can be read."""
    keys = set(read_table(path, text=categorical).index)
    problems = [(row, key_problem(row, keys)) for row in rows]
    faults = [Fault(p, str(path), None, row.patient_id) for row, p in problems if p]
    try:
        whole = [row for row, problem in problems if not problem]
        table_rows(path, whole, wanted, categorical=categorical, log1p=log1p)
    except ReadError as error:
        faults.append(Fault(error.message, str(path), None, error.patient))
    return faults
