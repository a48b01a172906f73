"""The published table as text, so that every fault can be named by its line."""

from pathlib import Path

import pandas as pd

from fusion.errors import ReadError

COLUMNS = (
    "case_id",
    "center_code",
    "data_split",
    "task",
    "label",
    "prediction",
    "prediction_probability",
)


def read(path: Path) -> pd.DataFrame:
    """All rows, whatever their split; row i is on line i + 2.

    Raises:
        ReadError: for a file that is missing, no CSV, empty, or without a column.
    """
    try:
        # lines stay lines: a blank one is a row of blanks, and `no` or `NA` stay words
        table = pd.read_csv(
            path, dtype=str, encoding="utf-8-sig", keep_default_na=False, skip_blank_lines=False
        )
    except FileNotFoundError as error:
        raise ReadError(
            path, "is not there; give as source the CSV that MRI-GNP publishes"
        ) from error
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ReadError(path, f"is not a whole CSV table ({error}); copy it again") from error
    if missing := [c for c in COLUMNS if c not in table.columns]:
        raise ReadError(path, f"lacks the columns {missing}; it has {list(table.columns)}")
    if table.empty:
        raise ReadError(path, "has no rows; copy it again")
    return table
