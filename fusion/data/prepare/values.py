"""What a number or a category of a table must never be."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float

from fusion.errors import ReadError


def check_values(
    table: pd.DataFrame,
    *,
    categorical: Mapping[str, Sequence[str]],
    log1p: bool,
    path: Path | str,
) -> None:
    """Refuse a category that was not declared, and under log1p a negative number.

    Raises:
        ReadError: naming the patient and the column.
    """
    for column in (c for c in categorical if c in table.columns):
        cells = table[column].dropna()
        strange = cells[~cells.isin(list(categorical[column]))]
        if len(strange):
            raise ReadError(
                path,
                f"column {column!r}: {strange.iloc[0]!r} is not a declared category, expected "
                f"one of {', '.join(categorical[column])}; correct it or declare it",
                str(strange.index[0]),
            )
    if log1p:
        values = table[[c for c in table.columns if c not in categorical]]
        negative = values.to_numpy(np.float64) < 0
        if negative.any():
            row, column = np.argwhere(negative)[0]
            raise ReadError(
                path,
                f"column {values.columns[column]!r}: {values.iloc[row, column]} is below 0, so it "
                "is no count; leave log1p out for values that are already logarithms or z-scores",
                str(values.index[row]),
            )


def check_range(
    vectors: Float[np.ndarray, "rows width"],
    names: Sequence[str],
    patients: pd.Index,
    path: Path | str,
) -> None:
    """Refuse a standardised number that float32 cannot hold.

    Raises:
        ReadError: naming the patient and the column.
    """
    beyond = ~(np.abs(vectors) < np.finfo(np.float32).max)
    if beyond.any():
        row, column = np.argwhere(beyond)[0]
        raise ReadError(
            path,
            f"column {names[column]!r} is too far from the training patients for a 32-bit "
            "number; is its unit the same?",
            str(patients[row]),
        )
