"""From one row per reading to the crossed array that the analyses of readers take."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

NAMES = ("test", "reader", "case", "truth")


@dataclass(frozen=True)
class Readings:
    """A fully crossed reader study."""

    values: Float[np.ndarray, "tests readers cases"]
    truth: Bool[np.ndarray, " cases"]
    tests: tuple[str, ...]
    readers: tuple[str, ...]
    cases: tuple[str, ...]


def crossed(table: pd.DataFrame, *, value: str) -> Readings:
    """Arrange the readings, in the order of the names of tests, readers and cases.

    Args:
        table: a row for each reading, with the columns test, reader, case, truth (0 or 1) and
            `value`.
        value: column with the rating, or the time.

    Raises:
        ValueError: for a column that is missing, a reading that is missing, twice there or not
            finite, or a case with two truths; names the first.

    Example:
        >>> table = pd.DataFrame({"test": ["CT", "CT"], "reader": ["r1", "r1"],
        ...     "case": ["c1", "c2"], "truth": [0, 1], "rating": [2.0, 5.0]})
        >>> readings = crossed(table, value="rating")
        >>> readings.values.tolist(), readings.truth.tolist()
        ([[[2.0, 5.0]]], [False, True])
    """
    missing = [c for c in (*NAMES, value) if c not in table.columns]
    if missing:
        raise ValueError(f"no column {missing}, found {list(table.columns)}")
    _refuse(~table["truth"].isin([0, 1]), table, "truth is not 0 or 1")
    finite = np.isfinite(pd.to_numeric(table[value], errors="coerce"))
    _refuse(~finite, table, f"{value} is not a finite number")
    _refuse(table.duplicated(["test", "reader", "case"]), table, "read twice")
    truths = table.groupby("case")["truth"].nunique()
    if (truths > 1).any():
        raise ValueError(f"case {truths.index[truths > 1][0]} has two truths, expected one")
    keys = [sorted(table[c].unique()) for c in NAMES[:3]]
    index = pd.MultiIndex.from_product(keys, names=NAMES[:3])
    values = table.set_index(list(NAMES[:3]))[value].reindex(index)
    if values.isna().any():
        test, reader, case = values.index[values.isna()][0]
        raise ValueError(
            f"{int(values.isna().sum())} readings are missing, the first by reader {reader} of "
            f"case {case} with test {test}; the design is fully crossed, leave such cases out and "
            f"say so"
        )
    truth = table.groupby("case")["truth"].first().loc[keys[2]]
    tests, readers, cases = (tuple(str(k) for k in names) for names in keys)
    return Readings(
        values=values.to_numpy(np.float64).reshape(len(tests), len(readers), len(cases)),
        truth=truth.to_numpy() == 1,
        tests=tests,
        readers=readers,
        cases=cases,
    )


def _refuse(bad: "pd.Series[bool]", table: pd.DataFrame, what: str) -> None:
    if bad.any():
        first = int(np.argmax(bad.to_numpy()))
        test, reader, case = (table[c].iloc[first] for c in NAMES[:3])
        raise ValueError(
            f"{int(bad.sum())} readings: {what}; the first by reader {reader} of case {case} with "
            f"test {test}"
        )
