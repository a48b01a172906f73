"""Where each patient stands among the patients of the other class: what an AUC is made of."""

import numpy as np
from jaxtyping import Bool, Float
from scipy.stats import rankdata

from fusion.errors import UndefinedMetric
from fusion.metrics.check import finite


def placements(
    score: Float[np.ndarray, " n"], target: Bool[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """Share of the other class that each patient is on the right side of, ties counting one half.

    The mean over the positives, and that over the negatives, is the AUC. Taken from two rankings
    instead of all pairs: O(n log n).

    Args:
        score: larger means more likely positive.
        target: True for the positive class.

    Raises:
        UndefinedMetric: where one class is absent.

    Source: DeLong et al. 1988; Sun and Xu 2014 (by ranks).

    Example:
        >>> placements(np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, False, True, True]))
        array([1.  , 0.75, 0.75, 1.  ])
    """
    score = finite("score", score)
    positives = int(target.sum())
    negatives = len(target) - positives
    if positives == 0 or negatives == 0:
        raise UndefinedMetric(
            f"AUC needs both classes, found {positives} positive and {negatives} negative patients"
        )
    ranks = rankdata(score)
    out = np.empty(len(score))
    out[target] = (ranks[target] - rankdata(score[target])) / negatives
    out[~target] = 1 - (ranks[~target] - rankdata(score[~target])) / positives
    return out
