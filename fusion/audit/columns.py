"""The columns of a table that a model is given, as they were measured."""

from collections.abc import Sequence

import pandas as pd

from fusion.data.cohort import Files
from fusion.data.prepare.patient_rows import patient_rows
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
