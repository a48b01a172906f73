"""A test of calibration that needs no bins."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.stats import norm

from fusion.errors import UndefinedMetric
from fusion.statistics.binary import checked


@dataclass(frozen=True)
class CalibrationTest:
    """Of predictions being the true probabilities."""

    z: float
    """Above 0: the Brier score is worse than the predictions themselves expect."""
    p: float
    """Two-sided."""


def spiegelhalter(
    probability: Float[np.ndarray, " n"], target: Bool[np.ndarray, " n"]
) -> CalibrationTest:
    """Spiegelhalter's z: the Brier score against what it would be if predictions were true.

    z = Σ (y - p)(1 - 2p) / √Σ (1 - 2p)² p (1 - p). Large cohorts refuse any model; say how far
    predictions are off (`smooth_errors`) beside it.

    Args:
        probability: predicted, of the event.
        target: True where the event happened.

    Raises:
        UndefinedMetric: without patients, or where all predictions are 0, 0.5 or 1.
        ValueError: where one is no probability, or lengths differ.

    Source: Spiegelhalter 1986.

    Example:
        >>> p, target = np.array([0.1, 0.2, 0.7, 0.9]), np.array([False, False, True, True])
        >>> round(spiegelhalter(p, target).z, 4)
        -0.8805
    """
    p = checked(probability, target)
    variance = float(((1 - 2 * p) ** 2 * p * (1 - p)).sum())
    if variance == 0:
        raise UndefinedMetric(
            f"Spiegelhalter's z: all {len(p)} predictions are 0, 0.5 or 1, of which it says nothing"
        )
    z = float(((target - p) * (1 - 2 * p)).sum() / np.sqrt(variance))
    return CalibrationTest(z, float(2 * norm.sf(abs(z))))
