"""AUCs of several models on the same patients, and how they vary together."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import expit, logit
from scipy.stats import norm

from fusion.errors import UndefinedMetric
from fusion.statistics.binary import both_classes
from fusion.statistics.estimate import Estimate, quantile, wald
from fusion.statistics.placements import placements


@dataclass(frozen=True)
class DeLong:
    """AUCs and their covariance over patients."""

    auc: Float[np.ndarray, " models"]
    covariance: Float[np.ndarray, "models models"]


@dataclass(frozen=True)
class AucDifference:
    """AUC of A minus AUC of B, on the same patients."""

    value: float
    low: float
    high: float
    z: float
    p: float
    """Two-sided, of no difference."""


def delong(scores: Float[np.ndarray, "models n"], target: Bool[np.ndarray, " n"]) -> DeLong:
    """AUC of each model with DeLong's covariance, in O(models x n log n).

    θ = mean placement; covariance = S10 / positives + S01 / negatives, where S10 and S01 are the
    covariances (divisor n - 1) of the models' placements over positives and over negatives.

    Args:
        scores: one row per model; larger means more likely positive.
        target: True for the positive class.

    Raises:
        UndefinedMetric: with fewer than two patients of either class.
        ValueError: where a score is NaN or infinite, or lengths differ.

    Source: DeLong et al. 1988; Sun and Xu 2014 (by ranks instead of pairs).

    Example:
        >>> target = np.array([False, False, True, True])
        >>> found = delong(np.array([[0.1, 0.3, 0.2, 0.4]]), target)
        >>> found.auc.tolist(), found.covariance.tolist()
        ([0.75], [[0.125]])
    """
    if scores.shape[1] != len(target):
        raise ValueError(
            f"scores of {scores.shape[1]} patients and {len(target)} targets, expected as many"
        )
    positives, negatives = both_classes(target, "AUC")
    if min(positives, negatives) < 2:
        raise UndefinedMetric(
            f"the variance of an AUC needs two patients of each class, found {positives} positive "
            f"and {negatives} negative"
        )
    place = np.stack([placements(row, target) for row in scores])
    covariance = np.cov(place[:, target]) / positives + np.cov(place[:, ~target]) / negatives
    return DeLong(place[:, target].mean(axis=1), np.atleast_2d(covariance))


def auc_wald(
    score: Float[np.ndarray, " n"], target: Bool[np.ndarray, " n"], *, level: float = 0.95
) -> Estimate:
    """AUC ± z se, by DeLong; near 1 it may reach beyond, where `auc_logit` does not.

    Raises:
        UndefinedMetric: as `delong`, and where the AUC is 0 or 1, which has no standard error.
        ValueError: as `delong`; for a level out of range.

    Source: DeLong et al. 1988.

    Example:
        >>> score = np.array([0.1, 0.5, 0.3, 0.4, 0.8, 0.9])
        >>> round(auc_wald(score, np.arange(6) > 2).low, 4)
        0.5809
    """
    value, se = _value_and_se(score, target)
    return wald(value, se, level)


def auc_logit(
    score: Float[np.ndarray, " n"], target: Bool[np.ndarray, " n"], *, level: float = 0.95
) -> Estimate:
    """AUC with a normal interval of its logit, which stays inside 0 to 1.

    logit θ ± z se / (θ (1 - θ)), se by DeLong.

    Raises:
        UndefinedMetric: as `auc_wald`.
        ValueError: as `auc_wald`.

    Source: Pepe 2003.

    Example:
        >>> score = np.array([0.1, 0.5, 0.3, 0.4, 0.8, 0.9])
        >>> found = auc_logit(score, np.arange(6) > 2)
        >>> round(found.low, 4), round(found.high, 4)
        (0.2614, 0.9945)
    """
    value, se = _value_and_se(score, target)
    half = quantile(level) * se / (value * (1 - value))
    low, high = expit(logit(value) - half), expit(logit(value) + half)
    return Estimate(value, float(low), float(high))


def paired_delong(
    score_a: Float[np.ndarray, " n"],
    score_b: Float[np.ndarray, " n"],
    target: Bool[np.ndarray, " n"],
    *,
    level: float = 0.95,
) -> AucDifference:
    """Whether two models of the same patients differ in AUC.

    z = (θa - θb) / √(Vaa + Vbb - 2 Vab).

    Not for a model and one nested in it on the data that both were fitted on: there the test
    is far too cautious (Demler et al. 2012).

    Args:
        score_a: one model's.
        score_b: the other's; row i is the same patient.
        target: True for the positive class.
        level: of the interval.

    Raises:
        UndefinedMetric: as `delong`, and where the difference does not vary: the two rank
            every pair alike.
        ValueError: as `delong`; for a level out of range.

    Source: DeLong et al. 1988.

    Example:
        >>> target = np.arange(6) > 2
        >>> a, b = np.array([1.0, 3, 2, 4, 5, 6]), np.array([1.0, 6, 2, 4, 3, 5])
        >>> round(paired_delong(a, b, target).p, 3)
        0.317
    """
    found = delong(np.stack([score_a, score_b]), target)
    variance = float(np.array([1.0, -1.0]) @ found.covariance @ np.array([1.0, -1.0]))
    if variance <= 1e-12 * float(np.trace(found.covariance)):
        raise UndefinedMetric(
            f"the difference of AUCs {found.auc[0]:g} and {found.auc[1]:g} does not vary over "
            "patients; do both models rank every pair alike?"
        )
    value, se = float(found.auc[0] - found.auc[1]), float(np.sqrt(variance))
    around = wald(value, se, level)
    return AucDifference(
        value, around.low, around.high, value / se, float(2 * norm.sf(abs(value) / se))
    )


def _value_and_se(
    score: Float[np.ndarray, " n"], target: Bool[np.ndarray, " n"]
) -> tuple[float, float]:
    found = delong(score[None], target)
    value, se = float(found.auc[0]), float(np.sqrt(found.covariance[0, 0]))
    if se == 0:
        raise UndefinedMetric(
            f"AUC of {value:g} has a standard error of 0: no interval can be had from these "
            f"{len(target)} patients"
        )
    return value, se
