"""What every reader achieved with every test, and how those figures vary together over cases."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from fusion.errors import UndefinedMetric
from fusion.statistics.delong import delong
from fusion.statistics.placements import placements

Ratings = Float[np.ndarray, "tests readers cases"]
"""Fully crossed: every reader rated every case with every test."""


@dataclass(frozen=True)
class ReaderEstimates:
    """A figure of merit for each test and reader."""

    values: Float[np.ndarray, "tests readers"]
    covariance: Float[np.ndarray, "tests readers tests readers"]
    """Over cases: cases are random here, readers are not yet."""
    cases: int


def delong_estimates(ratings: Ratings, truth: Bool[np.ndarray, " cases"]) -> ReaderEstimates:
    """AUCs with DeLong's covariance, S10 / positives + S01 / negatives.

    Args:
        ratings: larger means more likely diseased; test x reader x case.
        truth: True where the case is diseased.

    Raises:
        UndefinedMetric: with fewer than two cases of either kind.
        ValueError: where a rating is NaN or infinite, or lengths differ.

    Source: DeLong et al. 1988.

    Example:
        >>> ratings = np.array([[[1.0, 3.0, 2.0, 4.0]]])
        >>> found = delong_estimates(ratings, np.array([False, False, True, True]))
        >>> found.values.tolist(), found.covariance.ravel().tolist()
        ([[0.75]], [0.125])
    """
    _check(ratings, truth)
    found = delong(ratings.reshape(-1, len(truth)), truth)
    return _shaped(found.auc, found.covariance, ratings)


def jackknife_auc_estimates(ratings: Ratings, truth: Bool[np.ndarray, " cases"]) -> ReaderEstimates:
    """AUCs with the covariance that leaving out one case at a time gives.

    The AUC without a case follows from the case's placement, so that nothing is computed again:
    the values are those of `jackknife_estimates`.

    Args:
        ratings: as in `delong_estimates`.
        truth: as in `delong_estimates`.

    Raises:
        UndefinedMetric: with fewer than two cases of either kind.
        ValueError: where a rating is NaN or infinite, or lengths differ.

    Source: Obuchowski and Rockette 1995; Quenouille 1956.

    Example:
        >>> ratings = np.array([[[1.0, 3.0, 2.0, 4.0]]])
        >>> found = jackknife_auc_estimates(ratings, np.array([False, False, True, True]))
        >>> found.covariance.ravel().tolist()
        [0.1875]
    """
    _check(ratings, truth)
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if min(positives, negatives) < 2:
        raise UndefinedMetric(
            f"the covariance of AUCs takes two cases of each kind, found {positives} diseased and "
            f"{negatives} not"
        )
    place = np.stack([placements(row, truth) for row in ratings.reshape(-1, len(truth))])
    values = place[:, truth].mean(axis=1)
    size = np.where(truth, truth.sum(), (~truth).sum())
    without = (size * values[:, None] - place) / (size - 1)
    return _shaped(values, _jackknife(without), ratings)


def jackknife_estimates(
    ratings: Ratings,
    truth: Bool[np.ndarray, " cases"],
    figure: Callable[[Float[np.ndarray, " n"], Bool[np.ndarray, " n"]], float],
) -> ReaderEstimates:
    """Any figure of merit with the covariance that leaving out one case at a time gives.

    Sensitivity at an operating point, the mean logarithm of reading time, ... Takes one call for
    each case, reader and test.

    Args:
        ratings: what the figure takes, test x reader x case.
        truth: True where the case is diseased.
        figure: takes one reader's ratings with one test, and the truth.

    Raises:
        UndefinedMetric: where the figure raises it without some case.
        ValueError: where lengths differ.

    Source: Obuchowski and Rockette 1995.

    Example:
        >>> mean_time = lambda minutes, truth: float(minutes.mean())
        >>> minutes = np.array([[[1.0, 3.0, 2.0, 6.0]]])
        >>> jackknife_estimates(minutes, np.array([False, False, True, True]), mean_time).values
        array([[3.]])
    """
    _check(ratings, truth)
    rows = ratings.reshape(-1, len(truth))
    values = np.array([figure(row, truth) for row in rows])
    without = np.array(
        [
            [figure(np.delete(row, case), np.delete(truth, case)) for case in range(len(truth))]
            for row in rows
        ]
    )
    return _shaped(values, _jackknife(without), ratings)


def _jackknife(without: Float[np.ndarray, "rows cases"]) -> Float[np.ndarray, "rows rows"]:
    """(n - 1) / n times the sum of squares of the figures without one case."""
    cases = without.shape[1]
    away = without - without.mean(axis=1, keepdims=True)
    return (cases - 1) / cases * (away @ away.T)


def _check(ratings: Float[np.ndarray, "t r c"], truth: Bool[np.ndarray, " n"]) -> None:
    if ratings.shape[2] != len(truth):
        raise ValueError(
            f"ratings of {ratings.shape[2]} cases and the truth of {len(truth)}: expected "
            f"tests x readers x cases, and one truth for each case"
        )
    if not np.isfinite(ratings).all():
        test, reader, case = (int(i) for i in np.argwhere(~np.isfinite(ratings))[0])
        raise ValueError(
            f"rating of test {test}, reader {reader}, case {case} is "
            f"{ratings[test, reader, case]}; the design is fully crossed, leave out a case that "
            f"some reader did not rate"
        )


def _shaped(
    values: Float[np.ndarray, " rows"],
    covariance: Float[np.ndarray, "rows rows"],
    ratings: Float[np.ndarray, "tests readers cases"],
) -> ReaderEstimates:
    tests, readers, cases = ratings.shape
    return ReaderEstimates(
        values=values.reshape(tests, readers),
        covariance=covariance.reshape(tests, readers, tests, readers),
        cases=cases,
    )
