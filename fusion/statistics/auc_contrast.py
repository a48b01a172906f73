"""A weighted sum of AUCs on the same patients, tested by DeLong."""

import numpy as np
from jaxtyping import Bool, Float
from scipy.stats import norm

from fusion.errors import UndefinedMetric
from fusion.statistics.delong import AucDifference, delong
from fusion.statistics.estimate import wald


def auc_contrast(
    scores: Float[np.ndarray, "models n"],
    weights: Float[np.ndarray, " models"],
    target: Bool[np.ndarray, " n"],
    *,
    level: float = 0.95,
) -> AucDifference:
    """Such as the mean AUC of three trainings minus the AUC of another model.

    z = w'θ / √(w'Vw), θ the AUCs and V their covariance over patients.

    Args:
        scores: one row per model; larger means more likely positive.
        weights: of the models, adding up to 0.
        target: True for the positive class.
        level: of the interval.

    Raises:
        UndefinedMetric: as `delong`, and where the sum does not vary over patients.
        ValueError: as `delong`; where the weights do not add up to 0.

    Source: DeLong et al. 1988 (section 4, contrasts).

    Example:
        >>> target = np.arange(6) > 2
        >>> scores = np.array([[1.0, 3, 2, 4, 5, 6], [1.0, 6, 2, 4, 3, 5]])
        >>> round(auc_contrast(scores, np.array([1.0, -1.0]), target).p, 3)
        0.317
    """
    if abs(float(weights.sum())) > 1e-9:
        raise ValueError(f"weights {weights.tolist()} add up to {weights.sum():g}, expected 0")
    found = delong(scores, target)
    variance = float(weights @ found.covariance @ weights)
    if variance <= 1e-12 * float(np.trace(found.covariance)):
        raise UndefinedMetric(
            f"the contrast of AUCs {', '.join(f'{a:g}' for a in found.auc)} does not vary over "
            "patients; do all models rank every pair alike?"
        )
    value, se = float(weights @ found.auc), float(np.sqrt(variance))
    around = wald(value, se, level)
    p = float(2 * norm.sf(abs(value) / se))
    return AucDifference(value, around.low, around.high, value / se, p)
