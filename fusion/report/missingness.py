"""What is not known, by centre: modalities, characteristics and labels."""

from collections.abc import Mapping, Sequence

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
    """As many tables as it takes, centres down and things across, those that are known left out.

    What is missing in the same numbers at every centre shares a column: see `alike`.
    """
    tables = []
    titles = {"modality": "Modalities", "characteristic": "Characteristics", "label": "Labels"}
    for kind in KINDS:
        rows = counts[counts["kind"] == kind]
        columns = {_together(names): names[0] for names in _groups(rows)}
        heads = list(columns)
        for start in range(0, len(heads), _WIDEST):
            shown = {head: columns[head] for head in heads[start : start + _WIDEST]}
            tables.append(_table(f"{titles[kind]} that are missing, by centre", rows, shown))
    return tables


def alike(counts: pd.DataFrame) -> Mapping[str, Sequence[str]]:
    """Heading of each shared column -> what it stands for."""
    groups = [names for kind in KINDS for names in _groups(counts[counts["kind"] == kind])]
    return {_together(names): names for names in groups if len(names) > 1}


def complete(counts: pd.DataFrame) -> Sequence[str]:
    """Names of what every patient has."""
    lacking = counts.groupby("name", sort=False)["missing"].sum()
    return [str(name) for name in lacking.index[lacking == 0]]


def _groups(rows: pd.DataFrame) -> Sequence[Sequence[str]]:
    """Things that anybody lacks, those with the same numbers together."""
    found: dict[tuple[int, ...], list[str]] = {}
    for name, own in rows.groupby("name", sort=False):
        if own["missing"].any():
            found.setdefault(tuple(own["missing"].tolist()), []).append(str(name))
    return list(found.values())


def _together(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _table(caption: str, rows: pd.DataFrame, columns: Mapping[str, str]) -> Table:
    sizes = rows.drop_duplicates("center").set_index("center")["patients"]
    missing = rows.pivot_table(index="center", columns="name", values="missing", aggfunc="sum")

    def line(name: str, patients: int, lacking: pd.Series, *, main: bool = False) -> Line:
        cells = tuple(_cell(int(lacking[n]), patients) for n in columns.values())
        return Line(name, (Cell(str(patients)), *cells), main=main)

    lines = [line(str(c), int(n), missing.T[str(c)]) for c, n in sizes.items()]
    lines.append(line("All centres", int(sizes.sum()), missing.sum(), main=True))
    return Table(caption, ("Centre", "Patients", *columns), (Block("", tuple(lines)),))


def _cell(missing: int, patients: int) -> Cell:
    return Cell(str(missing), f"{100 * missing / patients:.0f} %") if missing else Cell("0")
