"""CSV and Parquet files -> Arrow tables, of which nothing was guessed."""

import csv
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from fusion.data.sheet import encoding_fault
from fusion.errors import ReadError

MISSING = ("", "NA", "NaN", "nan")
"""Cells that mean *not known*. Any other word in a column of numbers is refused."""


def read_csv(path: Path, text: Collection[str]) -> tuple[pa.Table, str]:
    """A comma-separated UTF-8 file and the name of its key, the first column.

    Args:
        path: the file.
        text: columns to leave as text, besides the first.

    Raises:
        ReadError: where it is no such file, a row is short or long, or a column name is blank
            or repeated.
    """
    with path.open("rb") as file:
        if problem := encoding_fault(file.read(65536)):
            raise ReadError(path, problem)
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            header = next(csv.reader(lines), [])
        _check_header(header, path)
        table = pa_csv.read_csv(
            path,
            # one thread: only then does an error know its line; and large blocks, since each
            # costs something per column, of which there may be tens of thousands
            read_options=pa_csv.ReadOptions(use_threads=False, block_size=1 << 26),
            # a blank line kept, so that row i stands on line i + 2
            parse_options=pa_csv.ParseOptions(ignore_empty_lines=False),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys([header[0], *text], pa.string()),
                null_values=list(MISSING),
                strings_can_be_null=True,
            ),
        )
    except UnicodeDecodeError as error:
        raise ReadError(path, "is not UTF-8; save it as 'CSV UTF-8 (comma delimited)'") from error
    except pa.ArrowInvalid as error:
        detail = str(error).replace("CSV parse error: Row #", "line ")
        raise ReadError(path, f"cannot be read as CSV: {detail}") from error
    return _without_last_blank_lines(table), header[0]


def read_parquet(path: Path) -> tuple[pa.Table, str]:
    """A Parquet file and the name of its key: the index that pandas saved, or the first column.

    Raises:
        ReadError: where it is no such file, or a column name is blank or repeated.
    """
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise ReadError(path, f"cannot be read as Parquet: {error}") from error
    _check_header(table.column_names, path)
    described = (table.schema.pandas_metadata or {}).get("index_columns", [])
    stored = [c for c in described if isinstance(c, str)]
    return table, stored[0] if len(stored) == 1 else table.column_names[0]


def _without_last_blank_lines(table: pa.Table) -> pa.Table:
    rows = len(table)
    columns = range(table.num_columns)
    while rows and not any(table.column(i)[rows - 1].is_valid for i in columns):
        rows -= 1
    return table.slice(0, rows)


def _check_header(header: Sequence[str], path: Path) -> None:
    if not header:
        raise ReadError(path, "is empty, expected a header: the row key, then columns")
    for position, name in enumerate(header[1:], start=2):
        if not name.strip():
            raise ReadError(path, f"column {position} has no name")
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise ReadError(path, f"column {twice[0]!r} stands twice ({len(twice)} such columns)")
