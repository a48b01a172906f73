"""Which rows a CSV or Parquet table has, without reading the rest of it."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from fusion.data.entry import Entry
from fusion.data.identifiers import lookalikes, plain_id
from fusion.data.sheet import encoding_fault
from fusion.errors import Fault

TABLE_SUFFIXES = (".csv", ".parquet")
"""Files of which a manifest row means one row."""


def read_keys(path: Path) -> Counter[str]:
    """How often each key stands in the table's first column (or Parquet index), as text.

    Raises:
        ValueError: where the file cannot be read as a table.
    """
    if path.suffix.lower() == ".parquet":
        return _parquet_keys(path)
    with path.open("rb") as file:
        problem = encoding_fault(file.read(65536))
    if problem:
        raise ValueError(problem)
    try:
        column = pd.read_csv(
            path, usecols=[0], index_col=False, dtype=str, keep_default_na=False, encoding="utf-8"
        )
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8; save it as 'CSV UTF-8 (comma delimited)'") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ValueError(f"cannot be read as CSV: {error}") from error
    return Counter(column.iloc[:, 0].tolist())


def key_faults(entries: Iterable[Entry], name: str) -> list[Fault]:
    """Manifest rows whose key is not in their table, or there twice; each table is read once."""
    faults = []
    wanted: dict[Path, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.key is not None:
            wanted[entry.path].append(entry)
    for path, rows in wanted.items():
        try:
            keys = read_keys(path)
        except ValueError as error:
            faults.append(Fault(f"{path.name} {error}", name, rows[0].line))
            continue
        similar = lookalikes(keys)
        for entry in rows:
            count = keys[str(entry.key)]
            if count == 1:
                continue
            twin = similar.get(plain_id(str(entry.key)))
            hint = f"; it has {twin!r}: did a spreadsheet change the ids?" if twin else ""
            found = f"has {count} rows" if count else "has no row"
            message = f"{path.name} {found} {entry.key!r} in its first column, expected 1"
            faults.append(
                Fault(message + (hint if not count else ""), name, entry.line, entry.patient_id)
            )
    return faults


def _parquet_keys(path: Path) -> Counter[str]:
    try:
        schema = pq.read_schema(path)
        column = _index_column(schema) or next(iter(schema.names), None)
        if column is None:
            raise ValueError("has no column")
        values = pq.read_table(path, columns=[column]).column(column)
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"cannot be read as Parquet: {error}") from error
    return Counter(str(value) for value in values.to_pylist())


def _index_column(schema: pa.Schema) -> str | None:
    """The column that pandas saved as the index, if it saved one."""
    described = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
    stored = [c for c in described.get("index_columns", []) if isinstance(c, str)]
    return stored[0] if len(stored) == 1 else None
