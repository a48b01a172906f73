"""A number on a group of patients: its value and interval, or why there is none."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace

import pandas as pd

from fusion.errors import UndefinedMetric
from fusion.statistics.bootstrap import Interval
from fusion.statistics.estimate import Estimate


@dataclass(frozen=True)
class Measured:
    """A row of the CSV behind a table."""

    task: str
    outcome: str
    """What is predicted, such as a class; empty where it is the task as a whole."""
    model: str
    part: str
    group: str
    """`all`, a centre, or a subgroup."""
    n: int
    events: int | None
    """Who has the outcome; None where that is no count."""
    measure: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str = ""
    """Why there is no value."""


def measure(
    blank: Measured, name: str, find: Callable[[], Estimate | Interval | float]
) -> Measured:
    """Fill in a value, or the reason why it is undefined.

    Example:
        >>> blank = Measured("idh", "mutant", "fusion", "external", "all", 40, 20)
        >>> measure(blank, "AUC", lambda: Estimate(0.8, 0.7, 0.9)).low
        0.7
    """
    row = replace(blank, measure=name)
    if blank.reason:
        return row
    try:
        found = find()
    except UndefinedMetric as error:
        return replace(row, reason=str(error))
    if isinstance(found, float):
        return replace(row, value=found)
    return replace(row, value=found.value, low=found.low, high=found.high)


def as_table(rows: Iterable[Measured]) -> pd.DataFrame:
    """For the CSV."""
    return pd.DataFrame([asdict(row) for row in rows])
