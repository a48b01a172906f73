"""What is compared between groups of patients, for many resamples at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import expit, logit

from fusion.statistics.resampled_ranking import resampled_auc
from fusion.statistics.resampled_values import Counts, Resampled, Values, ratio

Probability = Float[np.ndarray, " n"]
Target = Bool[np.ndarray, " n"]

Worst = Literal["lowest", "highest", "farthest from 0"]
"""Which value of a measure is bad."""

CLIP = 1e-6
"""Probabilities are held this far from 0 and 1 before the logit."""


@dataclass(frozen=True)
class GroupMeasure:
    """A measure, and which value of it is bad."""

    make: Callable[[Probability, Target, float], Resampled]
    """Takes probabilities, truth and threshold, and then resamples."""
    worst: Worst


def true_positive_rate(probability: Probability, target: Target, threshold: float) -> Resampled:
    """Positives at or above the threshold among positives: sensitivity.

    Source: Hardt, Price and Srebro 2016 (equal opportunity).

    Example:
        >>> p, y = np.array([0.2, 0.6, 0.7]), np.array([True, True, False])
        >>> true_positive_rate(p, y, 0.5)(np.array([[1, 1, 1], [1, 2, 0]])).round(3).tolist()
        [0.5, 0.667]
    """
    return _share(target & (probability >= threshold), target)


def false_positive_rate(probability: Probability, target: Target, threshold: float) -> Resampled:
    """Negatives at or above the threshold among negatives: 1 - specificity.

    Source: Hardt, Price and Srebro 2016 (equalised odds).

    Example:
        >>> p, y = np.array([0.2, 0.6, 0.7]), np.array([True, True, False])
        >>> false_positive_rate(p, y, 0.5)(np.array([[1, 1, 1]])).tolist()
        [1.0]
    """
    return _share(~target & (probability >= threshold), ~target)


def net_benefit(probability: Probability, target: Target, threshold: float) -> Resampled:
    """TP/n - FP/n t/(1 - t), t the threshold; at most the share of positives in the group.

    Source: Vickers and Elkin 2006.

    Example:
        >>> p, y = np.array([0.2, 0.6, 0.7]), np.array([True, True, False])
        >>> net_benefit(p, y, 0.5)(np.array([[1, 1, 1]])).tolist()
        [0.0]
    """
    chosen = probability >= threshold
    worth = np.where(chosen, np.where(target, 1.0, -threshold / (1 - threshold)), 0.0)
    return _share(worth, np.ones(len(target)))


def calibration_in_the_large(
    probability: Probability, target: Target, threshold: float
) -> Resampled:
    """Shift of the log odds that makes the mean prediction right; above 0: predicted too low.

    The intercept of a logistic model with logit p as offset, by Newton's steps. Undefined without
    both classes. The threshold takes no part.

    Source: Cox 1958; Van Calster et al. 2019.

    Example:
        >>> y = np.array([True, False])
        >>> solve = calibration_in_the_large(np.array([0.2, 0.2]), y, 0.5)
        >>> solve(np.array([[1, 1]])).round(4)
        array([1.3863])
    """
    offset = logit(np.clip(probability, CLIP, 1 - CLIP))
    truth = target.astype(np.float64)

    def values(counts: Counts) -> Values:
        positives, total = counts @ truth, counts.sum(axis=1)
        defined = (positives > 0) & (positives < total)
        counts, positives = counts[defined], positives[defined]
        shift = np.zeros(len(counts))
        for _ in range(200):
            p = expit(offset + shift[:, None])
            slope = np.einsum("bi,bi->b", counts, p * (1 - p))
            # p never leaves (0, 1), but far out the slope is tiny and Newton's step would fly off
            step = np.clip((positives - np.einsum("bi,bi->b", counts, p)) / slope, -2, 2)
            shift += step
            if np.abs(step).max(initial=0.0) < 1e-10:
                break
        out = np.full(len(defined), np.nan)
        out[defined] = shift
        return out

    return values


def area(probability: Probability, target: Target, threshold: float) -> Resampled:
    """AUC; the threshold takes no part."""
    return resampled_auc(probability, target)


MEASURES: Mapping[str, GroupMeasure] = MappingProxyType(
    {
        "AUC": GroupMeasure(area, "lowest"),
        "TPR": GroupMeasure(true_positive_rate, "lowest"),
        "FPR": GroupMeasure(false_positive_rate, "highest"),
        "calibration in the large": GroupMeasure(calibration_in_the_large, "farthest from 0"),
        "net benefit": GroupMeasure(net_benefit, "lowest"),
    }
)
"""Name -> measure."""


def _share(
    top: Bool[np.ndarray, " n"] | Float[np.ndarray, " n"],
    bottom: Bool[np.ndarray, " n"] | Float[np.ndarray, " n"],
) -> Resampled:
    numerator, denominator = top.astype(np.float64), bottom.astype(np.float64)

    def values(counts: Counts) -> Values:
        return ratio(counts @ numerator, counts @ denominator)

    return values
