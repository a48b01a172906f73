"""One number that makes a classifier as sure as it may be."""

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, softmax

from fusion.errors import UndefinedMetric
from fusion.metrics.check import class_counts, finite

LIMITS = (0.01, 100.0)
"""Temperatures that are tried."""


def temperature(logits: Float[np.ndarray, "n k"], target: Int[np.ndarray, " n"]) -> float:
    """T that minimises the cross-entropy of softmax(logits / T); above 1: was too sure.

    The likeliest class stays what it was. The loss is convex in 1 / T, so there is one minimum.

    Args:
        logits: of validation patients; one column per class. Logarithms of probabilities will do.
        target: class index, 0 to k - 1.

    Raises:
        UndefinedMetric: where there is no minimum: every patient is classified rightly, or the
            logits say nothing or worse.
        ValueError: for a class out of range; where a logit is NaN or infinite.

    Source: Guo et al. 2017.

    Example:
        >>> logits = np.tile([4.0, 0.0], (100, 1))  # sure to 0.98, right in 0.8
        >>> found = temperature(logits, (np.arange(100) >= 80).astype(int))
        >>> with_temperature(logits[:1], found).round(4).tolist()
        [[0.8, 0.2]]
    """
    logits = finite("logits", logits)
    class_counts(target, logits.shape[1])
    rows = np.arange(len(target))

    def loss(log_inverse: float) -> float:
        scaled = logits * np.exp(log_inverse)
        return float((logsumexp(scaled, axis=1) - scaled[rows, target]).mean())

    bounds = -np.log(LIMITS[1]), -np.log(LIMITS[0])
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-10})
    if not bounds[0] + 1e-3 < found.x < bounds[1] - 1e-3:
        raise UndefinedMetric(
            f"no temperature between {LIMITS[0]:g} and {LIMITS[1]:g} is best for these "
            f"{len(target)} patients; are all classified rightly, or no better than chance?"
        )
    return float(np.exp(-found.x))


def with_temperature(
    logits: Float[np.ndarray, "n k"], temperature: float
) -> Float[np.ndarray, "n k"]:
    """Probabilities: softmax(logits / T).

    Source: Guo et al. 2017.

    Example:
        >>> with_temperature(np.array([[2.0, 0.0]]), 2.0).round(3).tolist()
        [[0.731, 0.269]]
    """
    return softmax(finite("logits", logits) / temperature, axis=1)
