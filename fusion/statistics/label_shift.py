"""How often each class occurs elsewhere, from predicted probabilities alone."""

import numpy as np
from jaxtyping import Float

from fusion.errors import UndefinedMetric
from fusion.metrics.check import finite

ROUNDS = 10_000


def em_shares(
    probabilities: Float[np.ndarray, "n k"],
    training_shares: Float[np.ndarray, " k"],
    *,
    tolerance: float = 1e-6,
) -> Float[np.ndarray, " k"]:
    """Class shares among patients without labels, by expectation-maximisation.

    Holds where the classes look as in training and only their shares differ, and where the
    probabilities are calibrated there: an over-confident model gives shares that are too extreme.

    Args:
        probabilities: for patients of one place, rows that add up to 1.
        training_shares: of the patients whom the probabilities were learned from; a class that
            was weighed up in training counts with its weight.
        tolerance: the largest change of a share at which the rounds end.

    Raises:
        UndefinedMetric: without patients.
        ValueError: where shares or probabilities do not add up to 1, or a share is 0.

    Source: Saerens, Latinne and Decaestecker 2002.

    Example:
        >>> p = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.2, 0.8]])
        >>> em_shares(p, np.array([0.5, 0.5])).round(2).tolist()
        [0.91, 0.09]
    """
    p, start = finite("probabilities", probabilities), finite("training_shares", training_shares)
    off = max(abs(float(start.sum()) - 1), float(np.abs(p.sum(axis=1) - 1).max()))
    if off > 1e-3 or (start <= 0).any() or (p < 0).any():
        raise ValueError(
            f"probabilities and training shares must be at least 0 (shares above) and add up to 1; "
            f"they are off by up to {off:.3g}, the smallest share is {start.min():g}"
        )
    shares = start
    for _ in range(ROUNDS):
        weighed = p * (shares / start)
        total = weighed.sum(axis=1, keepdims=True)
        if (total == 0).any():
            raise UndefinedMetric("a patient is impossible under every class that is left")
        new = (weighed / total).mean(axis=0)
        if np.abs(new - shares).max() < tolerance:
            return np.asarray(new)
        shares = new
    raise UndefinedMetric(f"class shares have not settled after {ROUNDS} rounds")
