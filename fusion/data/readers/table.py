"""Tables whose rows have a key (omics, mutations, clinic), and the numbers in them."""

from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from jaxtyping import Float

from fusion.data.readers.arrow import read_csv, read_parquet
from fusion.data.sheet import nearest
from fusion.errors import ReadError


def read_table(path: Path | str, *, text: Collection[str] = ()) -> pd.DataFrame:
    r"""One row per key: float64 columns of numbers (truth values as 0 and 1), others as text.

    The key is the first column, or the index that pandas saved in a Parquet file, as text.
    A blank cell, NA or NaN is not known. Whether a column must hold numbers is for its reader
    to say: see `numbers`. Read once per process and content; take the result as read-only.

    Args:
        path: `.csv` (comma, UTF-8, with or without BOM) or `.parquet`.
        text: columns that are text even where they look like numbers (categories).

    Raises:
        ReadError: where it is no such table, or a key or a column name is blank or repeated.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "clinic.csv"
        >>> _ = path.write_text("patient,age,sex\nP1,61,F\nP2,,M\n")
        >>> table = read_table(path)
        >>> float(table.at["P1", "age"]), table.at["P2", "sex"]
        (61.0, 'M')
    """
    path = Path(path).resolve()
    try:
        stat = path.stat()
    except OSError as error:
        raise ReadError(path, f"cannot be opened: {error.strerror}") from error
    return _read(path, stat.st_mtime_ns, stat.st_size, frozenset(text))


def numbers(
    table: pd.DataFrame, keys: Sequence[str], columns: Sequence[str], path: Path | str
) -> Float[np.ndarray, "rows columns"]:
    """Cells of some rows and columns of `read_table(path)`, all numbers; NaN where not known.

    Raises:
        ReadError: for a column that is not there, text, or infinity, with line and column.
    """
    require_columns(table, columns, path)
    wanted = table.loc[list(keys), list(columns)]
    for column in wanted.columns[[kind.hasobject for kind in wanted.dtypes]]:
        cells = table[column].dropna()
        known = pd.to_numeric(cells, errors="coerce")
        key = cells.index[int(known.isna().to_numpy().argmax())]
        raise ReadError(
            path,
            f"{place(table, key, path)}, column {column!r}: {cells[key]!r} is not a number; "
            "correct it, or name the column under `categorical` with its values or under `drop`",
        )
    values = wanted.to_numpy(dtype=np.float64)
    if np.isinf(values).any():
        row, column = np.argwhere(np.isinf(values))[0]
        raise ReadError(
            path,
            f"{place(table, keys[row], path)}, column {columns[column]!r}: {values[row, column]} "
            "is no measurement; leave the cell blank where the value is not known",
        )
    return values


def require_columns(table: pd.DataFrame, columns: Sequence[str], path: Path | str) -> None:
    """Refuse a table that lacks one of the columns.

    Raises:
        ReadError: naming up to five of them.
    """
    there = set(table.columns)
    missing = [c for c in columns if c not in there]
    if missing:
        shown = ", ".join(map(repr, missing[:5])) + (", ..." if len(missing) > 5 else "")
        hint = nearest(missing[0], there)
        raise ReadError(path, f"lacks {len(missing)} of {len(columns)} columns: {shown}{hint}")


def place(table: pd.DataFrame, key: str, path: Path | str) -> str:
    """Where a row stands: a line of a CSV file (the header is line 1), a row of Parquet."""
    return _place(int(np.flatnonzero(table.index == key)[0]), path)


@lru_cache(maxsize=16)
def _read(path: Path, mtime_ns: int, size: int, text: frozenset[str]) -> pd.DataFrame:
    match path.suffix.lower():
        case ".csv":
            arrow, key = read_csv(path, text)
        case ".parquet":
            arrow, key = read_parquet(path)
        case other:
            raise ReadError(path, f"ends in {other!r}, expected a table: .csv or .parquet")
    names = [c for c in arrow.column_names if c != key]
    if not names:
        raise ReadError(path, "has no column beside the row key")
    columns = {name: _column(arrow.column(name), name in text, name, path) for name in names}
    keys = [None if k is None else str(k) for k in arrow.column(key).to_pylist()]
    table = pd.DataFrame(columns, index=pd.Index(keys, name=key or "key", dtype=object))
    _check_keys(table, path)
    return table


def _column(values: pa.ChunkedArray, as_text: bool, name: str, path: Path) -> np.ndarray:
    kind = values.type
    is_number = (
        pa.types.is_floating(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_null(kind)
    )
    try:
        if pa.types.is_boolean(kind) and not as_text:
            return values.cast(pa.int8()).cast(pa.float64()).to_pandas().to_numpy(np.float64)
        if is_number and not as_text:
            return values.cast(pa.float64(), safe=False).to_pandas().to_numpy(np.float64)
        return values.cast(pa.string()).to_pandas().to_numpy(object)
    except pa.ArrowException as error:
        raise ReadError(path, f"column {name!r} holds {kind}, expected numbers or text") from error


def _check_keys(table: pd.DataFrame, path: Path) -> None:
    blank = np.flatnonzero(table.index.isna() | (table.index == ""))
    if len(blank):
        raise ReadError(path, f"{_place(int(blank[0]), path)}: the row key is blank or NA")
    repeated = np.flatnonzero(table.index.duplicated())
    if len(repeated):
        key = table.index[repeated[0]]
        raise ReadError(
            path,
            f"{_place(int(repeated[0]), path)}: row key {key!r} stands twice, first on "
            f"{place(table, key, path)}; give each row its own key and "
            "name it in the manifest",
        )


def _place(position: int, path: Path | str) -> str:
    csv_file = Path(path).suffix.lower() == ".csv"
    return f"line {position + 2}" if csv_file else f"row {position + 1}"
