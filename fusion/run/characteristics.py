"""What a clinic knows of the patients of a run: for table one and for subgroups."""

from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path

import pandas as pd

from fusion.config.modality import TableConfig
from fusion.config.run import RunConfig
from fusion.data.cohort import Entry
from fusion.data.prepare.columns import read_names
from fusion.data.prepare.patient_rows import by_path, patient_rows
from fusion.data.readers.table import read_table
from fusion.data.sheet import nearest
from fusion.errors import ConfigError
from fusion.run.place import Place
from fusion.types import PatientId

_MOST_GROUPS = 12
"""Values of a column that is divided by value; more of them want edges."""


def characteristics(config: RunConfig, places: Sequence[Place]) -> pd.DataFrame | None:
    """Columns of the clinical table as they stand in it, for whoever of the places has a row.

    Numbers stay numbers, in their own units and with their gaps; categories stay text, whatever
    they say. The columns are those of `baseline.table`, and what defines a label is among them:
    here it describes, and predicts nothing. A column that a hospital's table lacks is not known
    of its patients.

    Returns:
        Index patient_id, in the order of the places; None where the run has no clinical model,
        nobody has the table or any of its columns, or its list of columns is not on this machine.

    Raises:
        ReadError: for a row that is not there, or text among numbers, naming the patient.
    """
    settings = config.baseline
    if settings is None:
        return None
    files = {
        patient: place.cohort.files(settings.modality)[patient]
        for place in places
        for patient in place.patients
        if patient in place.cohort.files(settings.modality)
    }
    text = settings.table.categorical
    tables = {path: read_table(path, text=text) for path in by_path(files)}
    available = {str(c) for table in tables.values() for c in table.columns}
    chosen = _chosen(settings.table, available, Path(config.cohort.root))
    if not chosen:
        return None
    frames = []
    for paths, whose in _by_tables(files).items():
        wanted = [c for c in chosen if all(c in tables[path].columns for path in paths)]
        found = {
            c: sorted({v for path in paths for v in tables[path][c].dropna()})
            for c in wanted
            if c in text
        }
        frames.append(patient_rows(whose, wanted, categorical=found, log1p=False))
    everybody = pd.concat(frames).reindex(index=list(files), columns=chosen)
    return everybody.rename_axis(index="patient_id")


def check_subgroups(config: RunConfig, places: Sequence[Place]) -> None:
    """See that every subgroup of the configuration can be told, before hours of training.

    Raises:
        ConfigError: for a column that no clinical table has, edges that do not increase, edges
            for text, or a number with many values and no edges.
    """
    asked = config.evaluation.subgroups
    if not asked:
        return
    if config.baseline is None:
        raise ConfigError(
            f"evaluation.subgroups: {', '.join(asked)} are columns of the clinical table, and the "
            "run has none; name it under `baseline`, or leave out the subgroups"
        )
    table = characteristics(config, places)
    if table is None:
        return  # the clinical model will say so
    for column, edges in asked.items():
        place = f"evaluation.subgroups.{column}"
        if column not in table:
            names = [str(c) for c in table.columns]
            hint = nearest(column, names) or f"; it has {', '.join(names)}"
            raise ConfigError(f"{place}: the clinical table has no column {column!r}{hint}")
        if any(b <= a for a, b in pairwise(edges)):
            raise ConfigError(f"{place}: edges {edges} do not increase; give each one once")
        if edges and table[column].dtype == object:
            raise ConfigError(f"{place}: the column is text and has no edges; write []")
        if not edges and table[column].nunique() > _MOST_GROUPS:
            raise ConfigError(
                f"{place}: its {table[column].nunique()} values would be as many groups; give "
                "edges, such as [40, 60]"
            )


def known_subgroups(config: RunConfig, table: pd.DataFrame | None) -> Mapping[str, Sequence[float]]:
    """The subgroups that can be told from this table; another hospital's may lack a column."""
    columns = set() if table is None else set(table.columns[table.notna().any()])
    return {c: edges for c, edges in config.evaluation.subgroups.items() if c in columns}


def _chosen(table: TableConfig, available: Collection[str], root: Path) -> list[str]:
    """Columns of the table's settings; a name that nobody has is the business of the fit."""
    listed: Sequence[str] = ["*"] if table.columns is None else table.columns
    if table.columns_file is not None:
        path = root / table.columns_file
        listed = read_names(path) if path.exists() else []

    def fits(column: str, patterns: Sequence[str]) -> bool:
        return any(column == p or (p not in available and fnmatchcase(column, p)) for p in patterns)

    return sorted(c for c in available if fits(c, listed) and not fits(c, table.drop))


def _by_tables(
    files: Mapping[PatientId, tuple[Entry, ...]],
) -> dict[tuple[Path, ...], dict[PatientId, tuple[Entry, ...]]]:
    """Patients by the tables that hold their rows."""
    groups: dict[tuple[Path, ...], dict[PatientId, tuple[Entry, ...]]] = {}
    for patient, rows in files.items():
        paths = tuple(sorted({row.path for row in rows}))
        groups.setdefault(paths, {})[patient] = rows
    return groups
