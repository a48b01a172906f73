"""Predictions that somebody else's program wrote as CSV."""

from pathlib import Path

import numpy as np
import pandas as pd

from fusion.errors import PredictionsError, ReadError
from fusion.report.predictions import SCHEMA, check

_TEXT, _NUMBERS = SCHEMA.names[:7], SCHEMA.names[7:]


def load_csv(path: Path) -> pd.DataFrame:
    """Read and check a CSV with the columns of `fusion.report.predictions.SCHEMA`.

    Names and ids stay text as they are written: `007`, `no` and `NA` are words. A blank `target`
    or `event` is not known; `event` may be left out where nothing is about survival.

    Raises:
        ReadError: for a file that is absent or no CSV.
        PredictionsError: for a table that `check` refuses, or a number that is none, by its line.
    """
    try:
        table = pd.read_csv(
            path, dtype=str, encoding="utf-8-sig", keep_default_na=False, skip_blank_lines=False
        )
    except FileNotFoundError as error:
        raise ReadError(path, "is not there") from error
    except (OSError, ValueError) as error:
        raise ReadError(path, f"is not a CSV table that can be read: {error}") from error
    if "event" not in table:
        table["event"] = ""
    for name in [n for n in _NUMBERS if n in table]:
        numbers = pd.to_numeric(table[name].replace("", "nan"), errors="coerce").astype(float)
        written = table[name].str.strip().str.lower().isin(["", "nan"])
        for row in np.flatnonzero((numbers.isna() & ~written).to_numpy())[:1]:
            raise PredictionsError(
                f"{path}:{row + 2}: {name} is {table[name].iloc[row]!r}, expected a number"
            )
        table[name] = numbers
    try:
        check(table)
    except PredictionsError as error:
        raise PredictionsError(f"{path}: {error}") from error
    return table[[*_TEXT, *_NUMBERS]]
