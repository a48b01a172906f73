"""How often a threshold is right, in those who have it and those who have not."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float
from statsmodels.stats.proportion import proportion_confint

from fusion.metrics.check import finite
from fusion.statistics.binary import both_classes
from fusion.statistics.estimate import Estimate, quantile

_METHODS = {"clopper-pearson": "beta", "wilson": "wilson"}


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold and what it does."""

    threshold: float
    true_positives: int
    false_negatives: int
    true_negatives: int
    false_positives: int
    sensitivity: Estimate
    specificity: Estimate
    balanced_accuracy: Estimate
    """Their mean, with an interval from both of theirs."""


def at_threshold(
    score: Float[np.ndarray, " n"],
    target: Bool[np.ndarray, " n"],
    *,
    threshold: float,
    level: float = 0.95,
    interval: Literal["clopper-pearson", "wilson"] = "clopper-pearson",
) -> OperatingPoint:
    """Sensitivity, specificity and their mean where score >= threshold is called positive.

    The interval of the mean, balanced accuracy, is recovered from the limits of the two, which are
    of different patients: low = mean - ½ √((sens - its low)² + (spec - its low)²), high likewise.

    Args:
        score: larger means more likely positive.
        target: True for the positive class.
        threshold: fixed beforehand, or chosen on validation patients (see
            `fusion.statistics.threshold`);
            one that was chosen on these patients flatters itself.
        level: of the intervals.
        interval: "clopper-pearson" never covers less than it says, "wilson" is narrower and
            covers what it says on average.

    Raises:
        UndefinedMetric: where one class is absent.
        ValueError: where a score is not finite, or a level is out of range.

    Source: Clopper and Pearson 1934; Wilson 1927; by statsmodels. Zou and Donner 2008 (the mean).

    Example:
        >>> score, target = np.arange(10.0), np.arange(10) > 3
        >>> point = at_threshold(score, target, threshold=5.0)
        >>> point.sensitivity.value, point.specificity.value, round(point.specificity.low, 4)
        (0.8333333333333334, 1.0, 0.3976)
    """
    quantile(level)
    called = finite("score", score) >= threshold
    positives, negatives = both_classes(target, "an operating point")
    hit, spared = int((called & target).sum()), int((~called & ~target).sum())
    sensitivity = _share(hit, positives, level, interval)
    specificity = _share(spared, negatives, level, interval)
    return OperatingPoint(
        threshold=float(threshold),
        true_positives=hit,
        false_negatives=positives - hit,
        true_negatives=spared,
        false_positives=negatives - spared,
        sensitivity=sensitivity,
        specificity=specificity,
        balanced_accuracy=_mean(sensitivity, specificity),
    )


def _share(count: int, n: int, level: float, interval: str) -> Estimate:
    low, high = proportion_confint(count, n, alpha=1 - level, method=_METHODS[interval])
    return Estimate(count / n, float(low), float(high))


def _mean(a: Estimate, b: Estimate) -> Estimate:
    """Of two independent estimates, by the limits of each."""
    value = (a.value + b.value) / 2
    below = float(np.hypot(a.value - a.low, b.value - b.low)) / 2
    above = float(np.hypot(a.high - a.value, b.high - b.value)) / 2
    return Estimate(value, value - below, value + above)
