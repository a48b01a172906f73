"""Measured numbers side by side: one line of a table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fusion.report.measured import Measured
from fusion.report.numbers import number, p_value
from fusion.report.tables import Cell, Line

Written = Callable[[float], str]


def two(value: float) -> str:
    """Two decimals.

    Example:
        >>> two(-0.126)
        '−0.13'
    """
    return number(value, decimals=2)


def signed(value: float) -> str:
    """Three decimals and the sign.

    Example:
        >>> signed(0.02)
        '+0.020'
    """
    return number(value, signed=True)


def as_p(value: float) -> str:
    """A p-value.

    Example:
        >>> as_p(1e-9)
        '< 0.001'
    """
    return p_value(value)


@dataclass(frozen=True)
class Column:
    """Which measure stands where, and how it is written."""

    title: str
    measure: str
    write: Written = two
    below: Sequence[str] = field(default_factory=tuple)
    """Further measures, smaller, in place of an interval."""


def line(
    name: str,
    rows: Sequence[Measured],
    columns: Sequence[Column],
    *,
    where: str,
    counted: bool = True,
    main: bool = False,
    said: str = "",
) -> Line:
    """Patients, events, and a cell for each column.

    Args:
        name: of the line.
        rows: of one group and model; a column without a row is a dash.
        columns: in order.
        where: for the footnotes: of whom the numbers are.
        counted: whether there is a count of events.
        main: of the model that the report is about.
        said: a reason that needs no footnote, since the table's note tells it.
    """
    found = {row.measure: row for row in rows}
    n = max((row.n for row in rows), default=0)
    events = next((row.events for row in rows if row.events is not None), None)
    counts = [Cell(str(n)), *([Cell("–" if events is None else str(events))] if counted else [])]
    reasons = {row.reason for row in rows}
    if rows and len(reasons) == 1 and "" not in reasons:  # nothing at all: said once
        why = rows[0].reason
        first = Cell("–") if why == said else Cell("–", note=("No numbers", where, why))
        cells = [first, *[Cell("–")] * (len(columns) - 1)]
    else:
        cells = [_cell(found, column, where) for column in columns]
    return Line(name, (*counts, *cells), main=main)


def _cell(found: dict[str, Measured], column: Column, where: str) -> Cell:
    row = found.get(column.measure)
    if row is None:
        return Cell("–")
    if row.value is None:
        return Cell("–", note=(column.title, where, row.reason))
    if column.below:
        rest = [found[m] for m in column.below if m in found and found[m].value is not None]
        texts = [f"{r.measure} {column.write(r.value)}" for r in rest if r.value is not None]
        return Cell(column.write(row.value), ", ".join(texts))
    if row.low is None or row.high is None:
        return Cell(column.write(row.value))
    return Cell(column.write(row.value), f"{column.write(row.low)} to {column.write(row.high)}")
