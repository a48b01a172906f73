"""Area under the precision-recall curve."""

import numpy as np
from jaxtyping import Bool, Float
from sklearn.metrics import average_precision_score

from fusion.errors import UndefinedMetric
from fusion.metrics.check import finite


def average_precision(score: Float[np.ndarray, " n"], target: Bool[np.ndarray, " n"]) -> float:
    """Precision averaged over recall, in steps: Σ (R_k - R_(k-1)) P_k, nothing interpolated.

    A model that knows nothing scores the share of positives, so values from cohorts with
    different shares do not compare.

    Args:
        score: larger means more likely positive.
        target: True for the positive class.

    Raises:
        UndefinedMetric: where one class is absent.

    Source: Davis and Goadrich 2006; as scikit-learn has it.

    Example:
        >>> average_precision(np.array([0.1, 0.4, 0.3, 0.9]), np.arange(4) % 2 == 0)
        0.41666666666666663
    """
    score = finite("score", score)
    positives = int(target.sum())
    if positives in (0, len(target)):
        raise UndefinedMetric(
            f"average precision needs both classes, found {positives} positive and "
            f"{len(target) - positives} negative patients"
        )
    return float(average_precision_score(target, score))
