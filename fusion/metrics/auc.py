"""Area under the ROC curve."""

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.stats import rankdata

from fusion.errors import UndefinedMetric
from fusion.metrics.check import finite, two_or_more


def auc(score: Float[np.ndarray, " n"], target: Bool[np.ndarray, " n"]) -> float:
    """Probability that a positive scores above a negative, ties counting one half.

    Args:
        score: larger means more likely positive.
        target: True for the positive class.

    Raises:
        UndefinedMetric: where one class is absent.

    Source: Mann and Whitney 1947; Hanley and McNeil 1982.

    Example:
        >>> auc(np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, False, True, True]))
        0.875
    """
    ranks = rankdata(finite("score", score))
    positives = int(target.sum())
    negatives = len(target) - positives
    if positives == 0 or negatives == 0:
        raise UndefinedMetric(
            f"AUC needs both classes, found {positives} positive and {negatives} negative patients"
        )
    above = ranks[target].sum() - positives * (positives + 1) / 2
    return float(above / (positives * negatives))


def macro_auc(probabilities: Float[np.ndarray, "n k"], target: Int[np.ndarray, " n"]) -> float:
    """One class against the rest, averaged with equal weight over the classes that occur.

    With two classes whose probabilities add up to 1 this is the plain AUC of class 1.

    Args:
        probabilities: one column per class.
        target: class index, 0 to k - 1.

    Raises:
        UndefinedMetric: where fewer than two classes occur.

    Source: Provost and Domingos 2001.

    Example:
        >>> p = np.array([[0.8, 0.2], [0.6, 0.4], [0.6, 0.4], [0.1, 0.9]])
        >>> macro_auc(p, np.array([0, 0, 1, 1]))
        0.875
    """
    occurring = np.flatnonzero(two_or_more("AUC", target, probabilities.shape[1]))
    return float(np.mean([auc(probabilities[:, c], target == c) for c in occurring]))
