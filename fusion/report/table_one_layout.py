"""Table one as a paper prints it: a column per group, a block per variable."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from fusion.report.tables import Block, Cell, Line, Table


def table_one_layout(numbers: pd.DataFrame, caption: str) -> Table:
    """Lay out what `table_one` counted."""
    groups = list(dict.fromkeys(numbers["group"]))
    far = [g for g in groups if numbers.loc[numbers["group"] == g, "smd"].notna().any()]
    blocks = []
    for variable, rows in numbers.groupby("variable", sort=False):
        lines = []
        for level, cells in rows.groupby("level", sort=False):
            of = cells.set_index("group")
            shown = tuple(_cell(of.loc[g]) for g in groups)
            distances = tuple(_distance(of.loc[g]) for g in far)
            lines.append(Line(str(level), shown + distances))
        first = rows.drop_duplicates("group").set_index("group")
        unknown = first["patients"] - first["known"]
        if unknown.any():
            cells_of = tuple(_share(int(unknown[g]), int(first["patients"][g])) for g in groups)
            lines.append(Line("not known", cells_of + tuple(Cell("") for _ in far)))
        blocks.append(_block(str(variable), lines, single=len(set(rows["level"])) == 1))
    sizes = numbers.drop_duplicates("group").set_index("group")["patients"]
    heads = [f"{g} (n\u00a0=\u00a0{sizes[g]})" for g in groups] + [f"SMD: {g}" for g in far]
    return Table(caption, ("", *heads), tuple(blocks))


def _block(variable: str, lines: Sequence[Line], *, single: bool) -> Block:
    """A heading and its levels; a variable with one level needs no heading."""
    if not single:
        return Block(variable, tuple(lines))
    return Block("", tuple(replace(line, name=f"{variable}: {line.name}") for line in lines))


def _cell(row: pd.Series) -> Cell:
    if not pd.isna(row["count"]):
        return _share(int(row["count"]), int(row["known"]))
    if pd.isna(row["median"]):
        return Cell("–")
    low, high = (written(row[name]) for name in ("lower_quartile", "upper_quartile"))
    return Cell(written(row["median"]), f"{low} to {high}")


def _share(count: int, known: int) -> Cell:
    return Cell(str(count), f"{100 * count / known:.0f} %") if known else Cell("–")


def _distance(row: pd.Series) -> Cell:
    return Cell("" if pd.isna(row["smd"]) else f"{row['smd']:.2f}")


def written(value: float) -> str:
    """Three figures, or all before the point.

    Example:
        >>> written(61.25), written(0.04518), written(1834.0), written(float("nan"))
        ('61.2', '0.0452', '1834', 'not reached')
    """
    if pd.isna(value):
        return "not reached"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
