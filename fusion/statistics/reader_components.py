"""The variance components of a reader study: readers, tests, and errors that go together."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from fusion.statistics.reader_estimates import ReaderEstimates


@dataclass(frozen=True)
class ErrorCovariances:
    """How errors of two figures of merit go together over cases."""

    variance: float
    """Of one figure."""
    cov1: float
    """Same reader, two tests; NaN with one test."""
    cov2: float
    """Two readers, same test; NaN with one reader."""
    cov3: float
    """Two readers, two tests; NaN where there is no such pair."""


@dataclass(frozen=True)
class MeanSquares:
    """Of the table of tests by readers."""

    test: float
    reader: float
    interaction: float


def error_covariances(estimates: ReaderEstimates) -> ErrorCovariances:
    """Averages of the entries of each kind.

    Source: Obuchowski and Rockette 1995.

    Example:
        >>> one = ReaderEstimates(np.zeros((1, 2)), np.eye(2).reshape(1, 2, 1, 2), 10)
        >>> error_covariances(one)
        ErrorCovariances(variance=1.0, cov1=nan, cov2=0.0, cov3=nan)
    """
    tests, readers = estimates.values.shape
    flat = estimates.covariance.reshape(tests * readers, tests * readers)
    test, reader = (i.ravel() for i in np.indices((tests, readers)))
    same_test, same_reader = test[:, None] == test, reader[:, None] == reader

    def mean(pairs: np.ndarray) -> float:
        return float(flat[pairs].mean()) if pairs.any() else float("nan")

    return ErrorCovariances(
        variance=mean(same_test & same_reader),
        cov1=mean(~same_test & same_reader),
        cov2=mean(same_test & ~same_reader),
        cov3=mean(~same_test & ~same_reader),
    )


def mean_squares(values: Float[np.ndarray, "tests readers"]) -> MeanSquares:
    """Two-way analysis of variance with one figure in each cell.

    Example:
        >>> mean_squares(np.array([[1.0, 2.0], [3.0, 4.0]]))
        MeanSquares(test=4.0, reader=1.0, interaction=0.0)
    """
    tests, readers = values.shape
    by_test, by_reader, all_ = values.mean(axis=1), values.mean(axis=0), values.mean()
    rest = values - by_test[:, None] - by_reader + all_
    return MeanSquares(
        test=float(readers * ((by_test - all_) ** 2).sum() / (tests - 1)),
        reader=float(tests * ((by_reader - all_) ** 2).sum() / (readers - 1)),
        interaction=float((rest**2).sum() / ((tests - 1) * (readers - 1))),
    )
