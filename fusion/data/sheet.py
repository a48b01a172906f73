"""A hand-made CSV file, read cell by cell as text, with everything odd about it as a fault."""

import csv
import difflib
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fusion.errors import Fault

_SAVE_AS = "save it as 'CSV UTF-8 (comma delimited)'"
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Row:
    """One record; blank cells are empty strings, nothing is converted."""

    line: int
    """1-based line on which the record begins, the header being line 1."""
    cells: dict[str, str]


@dataclass(frozen=True)
class Sheet:
    """What could be read of a file, and what is wrong with it."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]


def nearest(word: str, candidates: Iterable[str]) -> str:
    """A hint at the closest candidate, or nothing.

    Example:
        >>> nearest("centre", ["patient_id", "center"])
        "; did you mean 'center'?"
        >>> nearest("xyz", ["patient_id", "center"])
        ''
    """
    unfolded = {c.casefold(): c for c in sorted(candidates)}
    close = difflib.get_close_matches(word.casefold(), unfolded, n=1)
    return f"; did you mean {unfolded[close[0]]!r}?" if close else ""


def number(cell: str) -> float | str:
    """A cell as a finite number, or what is wrong with it.

    Example:
        >>> number("0.25")
        0.25
        >>> number("NA")
        "'NA' is not a number; leave the cell blank where the value is not known"
        >>> number("0,25")
        "'0,25' is not a number; write a decimal point"
    """
    if _NUMBER.fullmatch(cell):
        value = float(cell)
        return value if abs(value) != float("inf") else f"{cell!r} is not finite"
    if re.fullmatch(r"[+-]?inf(inity)?", cell, re.IGNORECASE):
        return f"{cell!r} is not finite"
    if re.fullmatch(r"n\.?/?a\.?n?|null|none|missing|unknown|[-?.]+", cell, re.IGNORECASE):
        return f"{cell!r} is not a number; leave the cell blank where the value is not known"
    if re.fullmatch(r"[+-]?\d+,\d+", cell):
        return f"{cell!r} is not a number; write a decimal point"
    return f"{cell!r} is not a number"


def encoding_fault(head: bytes) -> str | None:
    """What is wrong with the first bytes of a file that should be comma-separated UTF-8.

    Example:
        >>> encoding_fault("a;b".encode())
        "is separated by ';', expected ','; save it as 'CSV UTF-8 (comma delimited)'"
    """
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in head:
        return f"is UTF-16 or binary, expected UTF-8 text; {_SAVE_AS}"
    first_line = re.split(rb"[\r\n]", head, maxsplit=1)[0]
    for separator, name in ((b";", "';'"), (b"\t", "tabs"), (b"|", "'|'")):
        if separator in first_line and b"," not in first_line:
            return f"is separated by {name}, expected ','; {_SAVE_AS}"
    return None


def read_sheet(path: Path, required: Sequence[str], optional: Sequence[str] | None) -> Sheet:
    """Read a CSV file as text; `optional=None` allows any further column.

    Nothing is raised for what the file holds: a file that is of no use has no rows, and faults.
    """
    name = path.name
    content = path.read_bytes()
    if problem := encoding_fault(content):
        return Sheet((), (), (Fault(problem, name),))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return Sheet((), (), (Fault(f"is not UTF-8; {_SAVE_AS}", name, line),))
    records, faults = _records(text, name)
    if not records:
        expected = ", ".join(required)
        return Sheet((), (), (*faults, Fault(f"is empty, expected a header with {expected}", name)))
    columns = tuple(records[0][1])
    faults += _header_faults(columns, name, required, optional)
    rows = []
    for line, cells in records[1:]:
        if len(cells) != len(columns):
            faults.append(Fault(f"{len(cells)} cells, expected {len(columns)}", name, line))
        elif not any(cells):
            faults.append(Fault("every cell is blank; delete the row", name, line))
        else:
            rows.append(Row(line, dict(zip(columns, cells, strict=True))))
            faults += _cell_faults(rows[-1], name)
    if len(records) == 1:
        faults.append(Fault("has a header but no row", name))
    return Sheet(columns, tuple(rows), tuple(faults))


def _records(text: str, name: str) -> tuple[list[tuple[int, list[str]]], list[Fault]]:
    """Records with the line on which each begins; a wholly empty line is no record."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            if cells:
                records.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        return records, [Fault(f"cannot be read from here on ({error}); check quotes", name, line)]
    return records, []


def _header_faults(
    columns: tuple[str, ...], name: str, required: Sequence[str], optional: Sequence[str] | None
) -> list[Fault]:
    faults = []
    for index, column in enumerate(columns):
        if not column:
            faults.append(Fault(f"column {index + 1} has no name", name, 1))
        elif column in columns[:index]:
            faults.append(Fault(f"column {column!r} stands twice", name, 1))
        elif optional is not None and column not in (*required, *optional):
            hint = nearest(column, [*required, *optional])
            valid = ", ".join((*required, *optional))
            faults.append(Fault(f"unknown column {column!r}{hint or f'; valid: {valid}'}", name, 1))
    missing = [c for c in required if c not in columns]
    return faults + [Fault(f"column {c!r} is missing", name, 1) for c in missing]


def _cell_faults(row: Row, name: str) -> list[Fault]:
    faults = []
    for column, cell in row.cells.items():
        if not cell.isprintable():
            hidden = next(c for c in cell if not c.isprintable())
            message = f"{column} {cell!r} holds the invisible character U+{ord(hidden):04X}"
            faults.append(Fault(message, name, row.line))
        elif cell != cell.strip():
            faults.append(Fault(f"{column} {cell!r} begins or ends with a space", name, row.line))
    return faults
