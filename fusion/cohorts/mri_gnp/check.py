"""What stops a conversion: rows that cannot be what the table says they are."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from fusion.cohorts.mri_gnp.markers import LEFT_OUT, MARKERS
from fusion.cohorts.mri_gnp.raw import COLUMNS
from fusion.errors import Fault

EXTERNAL = "External"
INTERNAL = ("TT-Int-Retro", "TT-Int-Pro")
"""Of the hospital that the model was made at; left out, see the data card."""

HOME = "BJTTH"
"""That hospital: a row of it is never external, whatever its split says."""

ANSWERS = ("no", "yes")


def faults(table: pd.DataFrame, file: str) -> list[Fault]:
    """Everything that is wrong with the rows, each with its line."""
    outside = table["data_split"] == EXTERNAL
    marker = outside & table["task"].isin(list(MARKERS))
    probability = pd.to_numeric(table["prediction_probability"], errors="coerce")
    rules: list[tuple[pd.Series, str, str]] = [
        ((table[list(COLUMNS)] == "").any(axis=1), "case_id", "a cell is blank"),
        (
            ~table["data_split"].isin([EXTERNAL, *INTERNAL]),
            "data_split",
            f"expected {EXTERNAL}, {' or '.join(INTERNAL)}",
        ),
        (
            outside & (table["center_code"] == HOME),
            "center_code",
            f"the model was made at {HOME}: the row is internal, though it says {EXTERNAL}",
        ),
        (
            outside & ~table["task"].isin([*MARKERS, *LEFT_OUT]),
            "task",
            f"expected one of {', '.join([*MARKERS, *LEFT_OUT])}",
        ),
        (marker & ~table["label"].isin(ANSWERS), "label", "expected no or yes"),
        (marker & ~table["prediction"].isin(ANSWERS), "prediction", "expected no or yes"),
        (
            marker & ~np.isfinite(probability),
            "prediction_probability",
            "expected a number",
        ),
        (
            marker & ((probability < 0.5) | (probability > 1)),
            "prediction_probability",
            "expected 0.5 to 1, being the probability of the answer that was predicted; is it "
            "that of yes?",
        ),
        (
            table.duplicated("case_id"),
            "case_id",
            "is there twice; expected an id of its own for each row",
        ),
    ]
    found = [fault for rule in rules for fault in _each(table, file, *rule)]
    return sorted(found, key=lambda fault: fault.line or 0)


def _each(
    table: pd.DataFrame, file: str, wrong: "pd.Series[bool]", column: str, expected: str
) -> Iterator[Fault]:
    for row in np.flatnonzero(wrong.to_numpy(bool)).tolist():
        yield Fault(f"{column} {table[column].iloc[row]!r}: {expected}", file, row + 2)
