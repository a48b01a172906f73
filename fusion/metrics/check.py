"""What every metric asks of its input first."""

import numpy as np
from jaxtyping import Float, Int, Num

from fusion.errors import UndefinedMetric


def finite(name: str, values: Num[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """The values as float64.

    Raises:
        UndefinedMetric: where there are none.
        ValueError: where one is NaN or infinite, saying how many and which row is the first.
    """
    if len(values) == 0:
        raise UndefinedMetric(f"{name}: no patient")
    values = np.asarray(values, dtype=np.float64)
    bad = ~np.isfinite(values)
    if bad.any():
        row = int(np.argwhere(bad)[0][0])
        raise ValueError(
            f"{name}: {int(bad.sum())} of {values.size} values are NaN or infinite, the first in "
            f"row {row}; leave out patients without a value before"
        )
    return values


def class_counts(target: Int[np.ndarray, " n"], classes: int) -> Int[np.ndarray, " k"]:
    """How many patients each class has.

    Raises:
        ValueError: for a class out of range.
    """
    if len(target) and (target.min() < 0 or target.max() >= classes):
        raise ValueError(
            f"classes run from {target.min()} to {target.max()}, expected 0 to {classes - 1}"
        )
    return np.bincount(target, minlength=classes)


def two_or_more(metric: str, target: Int[np.ndarray, " n"], classes: int) -> Int[np.ndarray, " k"]:
    """How many patients each class has, of which two or more occur.

    Raises:
        UndefinedMetric: where fewer occur, naming the metric.
        ValueError: for a class out of range.
    """
    counts = class_counts(target, classes)
    occurring = np.count_nonzero(counts)
    if occurring < 2:
        raise UndefinedMetric(
            f"{metric} needs two classes, found {occurring} among {len(target)} patients"
        )
    return counts
