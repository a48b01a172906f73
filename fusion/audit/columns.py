"""The columns of tables as they were measured: those that a model is given, and all numbers."""

from collections.abc import Sequence

import pandas as pd

from fusion.data.cohort import Files
from fusion.data.prepare.patient_rows import by_path, patient_rows
from fusion.data.readers.table import read_table
from fusion.data.sources.vector import VectorSource
from fusion.types import PatientId


def input_columns(
    source: VectorSource, files: Files, patients: Sequence[PatientId]
) -> pd.DataFrame:
    """Patients x columns before imputation and scaling; NaN = not known.

    A categorical column becomes a column of 0 and 1 for each value, as the model sees it; what the
    run has dropped is not there.

    Args:
        source: prepared and fitted.
        files: of the modality.
        patients: whose rows; those without the table are left out.

    Raises:
        ReadError: for a value that must not be.
    """
    fitted = source.preprocess
    mine = {p: files[p] for p in patients if p in files}
    if fitted is None or not mine:
        return pd.DataFrame(index=list(mine))
    table = patient_rows(mine, fitted.needs, categorical=fitted.categories, log1p=False)
    parts: list[pd.DataFrame | pd.Series] = [table[list(fitted.columns)]]
    for column, values in fitted.categories.items():
        known = table[column].notna()
        parts += [
            (table[column] == value).where(known).astype(float).rename(f"{column}={value}")
            for value in values
        ]
    parts += [table[c].isna().astype(float).rename(f"{c} missing") for c in fitted.indicators]
    return pd.concat(parts, axis=1)


def all_numbers(files: Files) -> pd.DataFrame:
    """Patients x every column of numbers of their tables, used or not; NaN = not known.

    A column that one centre's table lacks is not known of its patients.

    Args:
        files: of a modality that is a table, of all patients.

    Raises:
        ReadError: for a file that is no table.

    Example:
        >>> all_numbers({}).empty
        True
    """
    parts = []
    for path, rows in by_path(files).items():
        numbers = read_table(path).select_dtypes("number")
        mine = numbers.loc[[str(row.key) for row in rows]]
        parts.append(mine.set_axis([row.patient_id for row in rows], axis=0))
    if not parts:
        return pd.DataFrame()
    table = pd.concat(parts)
    return table if table.index.is_unique else table.groupby(level=0, sort=False).mean()
