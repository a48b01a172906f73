"""The ladder of updates when a model comes to a new centre: none, intercept, slope too, refit."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import expit

from fusion.errors import UndefinedMetric
from fusion.metrics.check import finite
from fusion.statistics.binary import MARGIN, logits
from fusion.statistics.calibration.logistic import (
    calibration_in_the_large,
    calibration_line,
    fit_logistic,
)


@dataclass(frozen=True)
class Update:
    """From the probability of the old model to that of the updated one: ranks are kept."""

    intercept: float
    slope: float

    def __call__(self, probability: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """expit(intercept + slope · logit p)."""
        if self == NONE:
            return probability
        return expit(self.intercept + self.slope * logits(probability, MARGIN))


NONE = Update(0.0, 1.0)
"""The lowest rung: the model as it came."""


def update_intercept(
    probability: Float[np.ndarray, " n"], target: Bool[np.ndarray, " n"]
) -> Update:
    """Correct for the other share of events, keep everything else.

    Args:
        probability: of patients of the new centre who are kept for updating; those that the
            update is judged on are others.
        target: True where the event happened.

    Raises:
        UndefinedMetric: where one class is absent.
        ValueError: where one is no probability, or lengths differ.

    Source: Steyerberg et al. 2004, method 2.

    Example:
        >>> update = update_intercept(np.full(4, 0.5), np.array([True, False, False, False]))
        >>> update(np.array([0.5])).round(6).tolist()
        [0.25]
    """
    return Update(calibration_in_the_large(probability, target).value, 1.0)


def update_slope(probability: Float[np.ndarray, " n"], target: Bool[np.ndarray, " n"]) -> Update:
    """Correct intercept and slope: also predictions that are too extreme or too timid.

    Args:
        probability: as in `update_intercept`.
        target: True where the event happened.

    Raises:
        UndefinedMetric: as `calibration_line`; and for a slope of 0 or below, with which the
            update would turn the ranking around.
        ValueError: where one is no probability, or lengths differ.

    Source: Steyerberg et al. 2004, method 3; Cox 1958.

    Example:
        >>> p = np.repeat([0.2, 0.8], 50)
        >>> target = np.arange(100) % 50 < np.where(p < 0.5, 15, 35)
        >>> update_slope(p, target)(np.array([0.2, 0.8])).round(4).tolist()
        [0.3, 0.7]
    """
    line = calibration_line(probability, target)
    if line.slope.value <= 0:
        raise UndefinedMetric(
            f"the calibration slope is {line.slope.value:.3g}: the model ranks this centre's "
            "patients no better than chance; refit it or leave it"
        )
    return Update(line.intercept.value, line.slope.value)


def refit(
    features: Float[np.ndarray, "n k"], target: Bool[np.ndarray, " n"]
) -> Callable[[Float[np.ndarray, "m k"]], Float[np.ndarray, " m"]]:
    """A new logistic model of the same features: the top rung, which keeps nothing.

    Args:
        features: of the patients of the new centre who are kept for updating.
        target: True where the event happened.

    Returns:
        From features to probabilities.

    Raises:
        UndefinedMetric: where features depend on each other or separate the classes; the centre
            is too small for this rung.
        ValueError: where a feature is NaN or infinite.

    Source: Steyerberg et al. 2004, method 4.

    Example:
        >>> x = np.repeat([[0.0], [1.0]], 50, axis=0)
        >>> target = np.arange(100) % 50 < np.where(x[:, 0] == 0, 15, 35)
        >>> refit(x, target)(np.array([[0.0], [1.0]])).round(4).tolist()
        [0.3, 0.7]
    """
    features = finite("features", features)
    if len(features) <= features.shape[1] + 1:
        raise UndefinedMetric(
            f"refit: {features.shape[1]} features and an intercept need more than {len(features)} "
            "patients"
        )
    fitted, _ = fit_logistic(np.column_stack([np.ones(len(features)), features]), target)
    return lambda x: expit(fitted[0] + finite("features", x) @ fitted[1:])
