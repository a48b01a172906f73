"""Brier score relative to knowing the prevalence only."""

import numpy as np
from jaxtyping import Float, Int

from fusion.metrics.brier import brier
from fusion.metrics.check import two_or_more


def scaled_brier(probabilities: Float[np.ndarray, "n k"], target: Int[np.ndarray, " n"]) -> float:
    """1 - Brier / Brier of predicting the shares of these patients for everyone.

    1 is perfect, 0 as good as the prevalence, below 0 worse. For two classes the index of
    prediction accuracy, 1 - Brier / (ȳ (1 - ȳ)).

    Args:
        probabilities: one column per class.
        target: class index, 0 to k - 1.

    Raises:
        UndefinedMetric: where fewer than two classes occur.
        ValueError: for a class out of range.

    Source: Steyerberg et al. 2010; Kattan and Gerds 2018.

    Example:
        >>> scaled_brier(np.array([[0.5, 0.5], [0.0, 1.0]]), np.array([0, 1]))
        0.5
    """
    shares = two_or_more("scaled Brier score", target, probabilities.shape[1]) / len(target)
    plain = brier(np.tile(shares, (len(target), 1)), target)
    return float(1.0 - brier(probabilities, target) / plain)
