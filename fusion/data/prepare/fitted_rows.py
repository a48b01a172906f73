"""Rows of tables as a fitted preprocessing wants them."""

import pandas as pd

from fusion.data.cohort import Files
from fusion.data.prepare.patient_rows import patient_rows
from fusion.data.prepare.vectors import VectorPreprocess


def fitted_rows(files: Files, fitted: VectorPreprocess) -> pd.DataFrame:
    """The columns that were fitted, as measured, one row per patient, sorted by id.

    Raises:
        ReadError: as `patient_rows` does.
    """
    return patient_rows(files, fitted.needs, categorical=fitted.categories, log1p=fitted.log1p)
