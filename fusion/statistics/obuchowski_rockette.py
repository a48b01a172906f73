"""Do readers do better with one test than with another? Many readers, many cases.

theta_ij = mu + test_i + reader_j + (test x reader)_ij + error_ij, the errors going together as in
`ErrorCovariances`, because all readers see the same cases.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, f, t

from fusion.errors import UndefinedMetric
from fusion.statistics.reader_components import (
    ErrorCovariances,
    MeanSquares,
    error_covariances,
    mean_squares,
)
from fusion.statistics.reader_estimates import ReaderEstimates


@dataclass(frozen=True)
class Contrast:
    """One test minus another, averaged over readers."""

    first: int
    second: int
    value: float
    se: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class TestOfTests:
    """Are all tests alike?"""

    __test__ = False  # pytest: not one of yours
    statistic: float
    """F; chi-squared over its degrees where readers are fixed."""
    df: float
    """Of the numerator."""
    df_error: float
    """Of the denominator; infinity where readers are fixed."""
    p: float
    contrasts: tuple[Contrast, ...]
    """Every pair of tests; not adjusted for their number."""


@dataclass(frozen=True)
class SingleTest:
    """One test by itself, over a population of readers and of cases."""

    value: float
    se: float
    df: float
    low: float
    high: float


@dataclass(frozen=True)
class ReaderStudy:
    """The analysis of variance of a reader study."""

    random_readers: TestOfTests
    """For other readers and other cases: the one to report."""
    fixed_readers: TestOfTests
    """For these readers and other cases."""
    fixed_cases: TestOfTests
    """For other readers and these cases."""
    single: tuple[SingleTest, ...]
    errors: ErrorCovariances
    squares: MeanSquares
    reader_variance: float
    """Between readers; an estimate, and so below 0 at times."""
    interaction_variance: float
    """Of readers' gain from a test; likewise."""


def obuchowski_rockette(estimates: ReaderEstimates, *, level: float = 0.95) -> ReaderStudy:
    """Analysis of variance with correlated errors and Hillis's degrees of freedom.

    Random readers: F = MS(T) / [MS(TR) + r max(cov2 - cov3, 0)] on t - 1 and
    [...]² / (MS(TR)² / ((t - 1)(r - 1))) degrees. Fixed readers: chi² = (t - 1) MS(T) /
    [variance - cov1 + (r - 1) max(cov2 - cov3, 0)]. Fixed cases: F = MS(T) / MS(TR).

    Args:
        estimates: of two tests or more and two readers or more.
        level: of the intervals.

    Raises:
        UndefinedMetric: with fewer tests or readers, or where all readers gain exactly alike.

    Source: Obuchowski and Rockette 1995; Hillis 2007 (degrees of freedom); Hillis, Berbaum and
    Metz 2008 (with intervals); as OR-DBM MRMC 2.51 has it.

    Example:
        >>> values = np.array([[0.80, 0.82, 0.85], [0.84, 0.88, 0.87]])
        >>> covariance = (np.eye(6) * 4e-4 + 4e-4).reshape(2, 3, 2, 3)
        >>> study = obuchowski_rockette(ReaderEstimates(values, covariance, 100))
        >>> round(study.random_readers.statistic, 2), round(study.random_readers.p, 3)
        (12.0, 0.074)
    """
    tests, readers = estimates.values.shape
    if tests < 2 or readers < 2:
        raise UndefinedMetric(
            f"found {tests} tests and {readers} readers, expected two of each; `single_test` takes "
            f"one test"
        )
    errors, squares = error_covariances(estimates), mean_squares(estimates.values)
    shared = max(errors.cov2 - errors.cov3, 0.0)
    spread = squares.interaction + readers * shared
    fixed = errors.variance - errors.cov1 + (readers - 1) * shared
    interaction, cells = squares.interaction, (tests - 1) * (readers - 1)
    if interaction <= 0 or fixed <= 0:
        raise UndefinedMetric(
            f"no error term to test against: MS(TR) is {interaction:g} (0 where all readers gain "
            f"alike), that of fixed readers is {fixed:g}"
        )
    df_error = spread**2 / (interaction**2 / cells)
    means = estimates.values.mean(axis=1)
    return ReaderStudy(
        random_readers=_test(squares.test, spread, df_error, means, readers, level),
        fixed_readers=_test(squares.test, fixed, float("inf"), means, readers, level),
        fixed_cases=_test(squares.test, interaction, float(cells), means, readers, level),
        single=tuple(single_test(estimates, i, level=level) for i in range(tests)),
        errors=errors,
        squares=squares,
        reader_variance=(squares.reader - interaction) / tests - errors.cov1 + errors.cov3,
        interaction_variance=interaction
        - errors.variance
        + errors.cov1
        + (errors.cov2 - errors.cov3),
    )


def single_test(estimates: ReaderEstimates, test: int, *, level: float = 0.95) -> SingleTest:
    """The mean over readers of one test, for other readers and other cases.

    se² = MS(R) / r + max(cov2, 0), df = [MS(R) + r max(cov2, 0)]² / (MS(R)² / (r - 1)), both from
    this test alone.

    Raises:
        UndefinedMetric: with fewer than two readers, or where nothing varies.

    Source: Hillis 2007.

    Example:
        >>> values, covariance = np.array([[0.8, 0.9]]), (np.eye(2) * 1e-4).reshape(1, 2, 1, 2)
        >>> single_test(ReaderEstimates(values, covariance, 50), 0).df
        1.0
    """
    values = estimates.values[test]
    readers = len(values)
    if readers < 2:
        raise UndefinedMetric(f"test {test}: {readers} reader, expected two or more")
    covariance = estimates.covariance[test, :, test, :]
    shared = max(float(covariance[~np.eye(readers, dtype=bool)].mean()), 0.0)
    square = float(values.var(ddof=1))
    if square == 0 and shared == 0:
        raise UndefinedMetric(f"test {test}: all readers and cases agree, {values[0]:g} throughout")
    with_cases = square + readers * shared
    df = with_cases**2 * (readers - 1) / square**2 if square > 0 else float("inf")
    se = float(np.sqrt(with_cases / readers))
    value, half = float(values.mean()), float(t.ppf((1 + level) / 2, df)) * se
    return SingleTest(value=value, se=se, df=df, low=value - half, high=value + half)


def _test(
    between: float, within: float, df_error: float, means: np.ndarray, readers: int, level: float
) -> TestOfTests:
    """MS(T) against an error term; a chi-squared test is F with infinite degrees."""
    df = len(means) - 1
    statistic = between / within
    known = np.isinf(df_error)
    p = chi2.sf(df * statistic, df) if known else f.sf(statistic, df, df_error)
    se = float(np.sqrt(2 * within / readers))
    quantile = float(t.ppf((1 + level) / 2, df_error))  # the normal's with infinite degrees
    contrasts = []
    for i in range(len(means)):
        for j in range(i + 1, len(means)):
            value, half = float(means[i] - means[j]), quantile * se
            two_sided = float(2 * t.sf(abs(value) / se, df_error))
            contrasts.append(Contrast(i, j, value, se, value - half, value + half, two_sided))
    return TestOfTests(statistic, float(df), df_error, float(p), tuple(contrasts))
