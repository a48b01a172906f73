"""A check-up on the terminal. Whatever stands in a cohort is shown as text, never obeyed."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fusion.doctor.checkup import Checkup
from fusion.doctor.finding import FAULT, Finding

MOST_ROWS = 40
"""Of a table on the terminal; the files have them all."""

MOST_CENTERS = 10
"""On the terminal, the largest; the others are in the files, and in the sum."""

MOST_FINDINGS = 50
"""Of each severity on the terminal."""


def show(checkup: Checkup, console: Console) -> None:
    """Print the tables, the findings and the verdict."""
    if checkup.cohort is not None:
        _tables(checkup, console)
    _list(console, "Warnings", checkup.warnings, "yellow")
    _list(console, "Faults", checkup.faults, "red")
    style = "bold red" if checkup.faults else "bold green"
    console.print(Text(checkup.verdict, style=style))


def _tables(checkup: Checkup, console: Console) -> None:
    modalities = checkup.tables["modalities"]
    largest = modalities["center"].unique()[: MOST_CENTERS + 1].tolist()  # with `all`
    _print(console, "Patients by modality", _by_modality(modalities))
    patterns = _counts(checkup.tables["patterns"], "center", "modalities", largest).T
    _print(console, "Combinations of modalities", patterns.reset_index())
    for title, name in (("Volumes", "sequences"), ("Slides", "slides"), ("Tables", "tables")):
        table = checkup.tables[name]
        _print(console, title, table[table["center"].isin(largest)])
    for target, rows in checkup.tables["classes"].groupby("target", sort=False):
        named = rows.assign(label=rows["label"].replace("", "not known"))
        counts = _counts(named, "center", "label", largest)
        _print(console, f"Classes of {target}", counts.reset_index())
    times = checkup.tables["follow_up"]
    _print(console, "Follow-up", times[times["center"].isin(largest)])
    hidden = modalities["center"].nunique() - len(largest)
    if hidden > 0:
        console.print(f"{hidden} smaller centres are only in the first table, and in the files")


def inert(value: Any) -> Text:
    r"""Text without markup, and without characters that a terminal would obey.

    Example:
        >>> inert("[red]\x1b[31m").plain
        '[red]�[31m'
    """
    if isinstance(value, float):
        shown = "" if pd.isna(value) else f"{value:.5g}"
    else:
        shown = "" if value is None or value is pd.NA else str(value)
    return Text("".join(c if c.isprintable() else "�" for c in shown))


def _print(console: Console, title: str, rows: pd.DataFrame) -> None:
    if rows.empty:
        return
    table = Table(title=inert(title), title_justify="left", title_style="bold")
    for name in rows.columns:
        number = pd.api.types.is_numeric_dtype(rows[name])
        table.add_column(inert(name), justify="right" if number else "left", overflow="fold")
    for values in rows.head(MOST_ROWS).itertuples(index=False):
        table.add_row(*map(inert, values))
    console.print()
    console.print(table)
    if len(rows) > MOST_ROWS:
        console.print(f"... and {len(rows) - MOST_ROWS} more rows in the files", style="dim")


def _list(console: Console, title: str, findings: Sequence[Finding], color: str) -> None:
    if not findings:
        return
    console.print()
    console.print(Text(f"{title} ({len(findings)})", style=f"bold {color}"))
    for number, finding in enumerate(findings[:MOST_FINDINGS], start=1):
        head = Text.assemble((f"{number:4}. ", color), (inert(finding.place).plain, "bold"))
        console.print(head, soft_wrap=True)
        console.print(Text.assemble("      ", inert(finding.message)), soft_wrap=True)
    if len(findings) > MOST_FINDINGS:
        kind = "faults" if findings[0].severity == FAULT else "warnings"
        more = len(findings) - MOST_FINDINGS
        console.print(f"      ... and {more} more {kind} in findings.csv", style="dim")


def _by_modality(table: pd.DataFrame) -> pd.DataFrame:
    """A row per centre; `12 (80 %)` for each modality, and the files that cannot be used."""
    cells = [
        f"{row['patients']} ({row['share']:.0%})"
        + (f", {row['unusable']} unusable" if row["unusable"] else "")
        for row in table.to_dict("records")
    ]
    who = ["center", "center_patients"]
    wide = table.assign(cell=cells).pivot_table("cell", who, "modality", aggfunc="first")
    order = table[who].drop_duplicates()
    return wide.loc[list(order.itertuples(index=False, name=None))].reset_index()


def _counts(table: pd.DataFrame, rows: str, columns: str, centers: Sequence[str]) -> pd.DataFrame:
    """Numbers of patients, in the order in which centres and names come."""
    mine = table[table["center"].isin(centers)]
    wide = mine.pivot_table("patients", rows, columns, aggfunc="sum", fill_value=0).astype(int)
    wide = wide.reindex(index=[c for c in centers if c in wide.index])
    return wide[[name for name in table[columns].unique() if name in wide.columns]]
