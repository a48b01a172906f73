"""Choose a threshold, on validation patients only."""

import numpy as np
from jaxtyping import Bool, Float, Int

from fusion.metrics.check import finite
from fusion.statistics.binary import both_classes


def threshold_youden(score: Float[np.ndarray, " n"], target: Bool[np.ndarray, " n"]) -> float:
    """The score at which sensitivity + specificity is largest; of several the highest.

    score >= threshold is called positive; the threshold is one of the scores.

    Args:
        score: of validation patients; larger means more likely positive.
        target: True for the positive class.

    Raises:
        UndefinedMetric: where one class is absent.

    Source: Youden 1950.

    Example:
        >>> threshold_youden(np.array([0.1, 0.4, 0.3, 0.9]), np.array([False, False, True, True]))
        0.9
    """
    thresholds, caught, alarms = _curve(score, target)
    positives, negatives = caught[-1], alarms[-1]
    return float(thresholds[np.argmax(caught * negatives - alarms * positives)])  # ties are exact


def threshold_at_sensitivity(
    score: Float[np.ndarray, " n"], target: Bool[np.ndarray, " n"], *, sensitivity: float
) -> float:
    """The highest score that still finds the wanted share of the positives.

    score >= threshold is called positive; the threshold is one of the scores.

    Args:
        score: of validation patients; larger means more likely positive.
        target: True for the positive class.
        sensitivity: at least this, above 0 up to 1.

    Raises:
        UndefinedMetric: where one class is absent.
        ValueError: for a sensitivity out of range.

    Source: Zhou, Obuchowski and McClish 2011, chapter 2.

    Example:
        >>> score, target = np.array([0.1, 0.4, 0.3, 0.9]), np.array([False, False, True, True])
        >>> threshold_at_sensitivity(score, target, sensitivity=0.95)
        0.3
    """
    if not 0 < sensitivity <= 1:
        raise ValueError(f"sensitivity {sensitivity}: expected above 0 and up to 1")
    thresholds, caught, _ = _curve(score, target)
    return float(thresholds[np.argmax(caught / caught[-1] >= sensitivity)])


def _curve(
    score: Float[np.ndarray, " n"], target: Bool[np.ndarray, " n"]
) -> tuple[Float[np.ndarray, " k"], Int[np.ndarray, " k"], Int[np.ndarray, " k"]]:
    """Distinct scores, the highest first; positives and negatives that each calls positive."""
    both_classes(target, "a threshold")
    values, index = np.unique(-finite("score", score), return_inverse=True)
    caught = np.cumsum(np.bincount(index[target], minlength=len(values)))
    alarms = np.cumsum(np.bincount(index[~target], minlength=len(values)))
    return -values, caught, alarms
