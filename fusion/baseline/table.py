"""What both baselines do with a clinical table."""

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from fusion.errors import TrainingError

FOLDS = 5
"""Of the inner cross-validation, on training patients only."""


def numbers(
    x: Float[np.ndarray, "n columns"], columns: int | None = None
) -> Float[np.ndarray, "n columns"]:
    """The table as float64.

    Raises:
        ValueError: for a value that is not finite, or another number of columns than expected.
    """
    if columns is not None and x.shape[1] != columns:
        raise ValueError(f"the clinical table has {x.shape[1]} columns, expected {columns}")
    if not np.isfinite(x).all():
        row, column = np.argwhere(~np.isfinite(x))[0]
        raise ValueError(
            f"the clinical table has NaN or infinity in row {row}, column {column}; impute first, "
            "with values fitted on training patients"
        )
    return x.astype(np.float64)


def scaling(
    x: Float[np.ndarray, "n columns"],
) -> tuple[
    Float[np.ndarray, " columns"], Float[np.ndarray, " columns"], Bool[np.ndarray, " columns"]
]:
    """Mean and standard deviation of each column, and which columns vary.

    Raises:
        TrainingError: where none does.
    """
    vary = (x != x[:1]).any(axis=0)
    if not vary.any():
        raise TrainingError(
            f"none of the {x.shape[1]} clinical columns varies in {len(x)} training patients; "
            "the baseline has nothing to go by"
        )
    # n - 1 as lifelines has it, so that both mean the same by a penalty
    return x.mean(axis=0), x.std(axis=0, ddof=1), vary


def folds(strata: Shaped[np.ndarray, " n"], count: int, seed: int) -> Int[np.ndarray, " n"]:
    """A fold for each row, every stratum dealt out evenly.

    Example:
        >>> fold = folds(np.array([0, 0, 1, 1]), 2, seed=0)
        >>> sorted(fold[:2].tolist()), sorted(fold[2:].tolist())
        ([0, 1], [0, 1])
    """
    shuffled = np.random.default_rng(seed).permutation(len(strata))
    fold = np.empty(len(strata), dtype=np.int64)
    fold[shuffled[np.argsort(strata[shuffled], kind="stable")]] = np.arange(len(strata)) % count
    return fold
