"""What is not known, by centre: modalities, characteristics and labels."""

from collections.abc import Sequence

import pandas as pd

from fusion.report.labels import known_labels
from fusion.report.summary import RunSummary
from fusion.report.tables import Block, Cell, Line, Table
from fusion.report.who import patients_by_center

KINDS = ("modality", "characteristic", "label")
"""Of what may be missing."""

_WIDEST = 8
"""Columns that a page holds."""


def missing_by_center(predictions: pd.DataFrame, summary: RunSummary) -> pd.DataFrame:
    """A row per centre and thing: `center`, `kind`, `name`, `patients`, `missing`.

    A patient without a row in the clinical table lacks each characteristic.
    """
    everybody = pd.Index(list(summary.parts))
    absent = {("modality", str(m)): ~summary.presence[m].astype(bool) for m in summary.presence}
    if summary.characteristics is not None:
        known = summary.characteristics.reindex(everybody).notna()
        absent |= {("characteristic", str(c)): ~known[c] for c in known}
    for task in summary.tasks:
        labelled = set(known_labels(predictions, task)["patient_id"])
        absent[("label", task.name)] = pd.Series(~everybody.isin(labelled), index=everybody)
    center = pd.Series(dict(summary.centers))
    order = patients_by_center(summary)[["center", "patients"]]
    frames = []
    for (kind, name), lacking in absent.items():
        counts = lacking.reindex(everybody).groupby(center.reindex(everybody)).sum()
        about = order.assign(kind=kind, name=name)
        frames.append(about.assign(missing=counts.reindex(order["center"]).to_numpy(int)))
    columns = ["center", "kind", "name", "patients", "missing"]
    return pd.concat(frames, ignore_index=True)[columns]


def missingness_tables(counts: pd.DataFrame) -> Sequence[Table]:
    """As many tables as it takes, centres down and things across, those that are known left out."""
    tables = []
    titles = {"modality": "Modalities", "characteristic": "Characteristics", "label": "Labels"}
    for kind in KINDS:
        rows = counts[counts["kind"] == kind]
        lacking = rows.groupby("name", sort=False)["missing"].sum()
        names = [str(n) for n in lacking.index[lacking > 0]]
        for start in range(0, len(names), _WIDEST):
            shown = names[start : start + _WIDEST]
            tables.append(_table(f"{titles[kind]} that are missing, by centre", rows, shown))
    return tables


def complete(counts: pd.DataFrame) -> Sequence[str]:
    """Names of what every patient has."""
    lacking = counts.groupby("name", sort=False)["missing"].sum()
    return [str(name) for name in lacking.index[lacking == 0]]


def _table(caption: str, rows: pd.DataFrame, names: Sequence[str]) -> Table:
    sizes = rows.drop_duplicates("center").set_index("center")["patients"]
    missing = rows.pivot_table(index="center", columns="name", values="missing", aggfunc="sum")

    def line(name: str, patients: int, lacking: pd.Series, *, main: bool = False) -> Line:
        cells = tuple(_cell(int(lacking[n]), patients) for n in names)
        return Line(name, (Cell(str(patients)), *cells), main=main)

    lines = [line(str(c), int(n), missing.T[str(c)]) for c, n in sizes.items()]
    lines.append(line("All centres", int(sizes.sum()), missing.sum(), main=True))
    return Table(caption, ("Centre", "Patients", *names), (Block("", tuple(lines)),))


def _cell(missing: int, patients: int) -> Cell:
    return Cell(str(missing), f"{100 * missing / patients:.0f} %") if missing else Cell("0")
