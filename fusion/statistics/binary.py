"""What every statistic of a probability and a yes-or-no truth asks of its input first."""

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import logit

from fusion.errors import UndefinedMetric
from fusion.metrics.check import finite

MARGIN = 1e-6
"""How near to 0 or 1 a probability may come before its logit is taken; 0 and 1 have none."""


def checked(
    probability: Float[np.ndarray, " n"], target: Bool[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """The probabilities as float64.

    Raises:
        UndefinedMetric: without patients.
        ValueError: where one is no probability, or lengths differ.
    """
    if len(probability) != len(target):
        raise ValueError(
            f"{len(probability)} probabilities and {len(target)} targets, expected one of each "
            "per patient"
        )
    probability = finite("probability", probability)
    outside = (probability < 0) | (probability > 1)
    if outside.any():
        row = int(np.flatnonzero(outside)[0])
        raise ValueError(
            f"{int(outside.sum())} of {len(probability)} probabilities lie outside 0 to 1, the "
            f"first is {probability[row]:g} in row {row}; give probabilities, not scores"
        )
    return probability


def both_classes(target: Bool[np.ndarray, " n"], what: str) -> tuple[int, int]:
    """How many are positive and negative.

    Raises:
        UndefinedMetric: where one class is absent.
    """
    positives = int(target.sum())
    negatives = len(target) - positives
    if positives == 0 or negatives == 0:
        raise UndefinedMetric(
            f"{what} needs both classes, found {positives} positive and {negatives} negative "
            "patients"
        )
    return positives, negatives


def logits(probability: Float[np.ndarray, " n"], margin: float = MARGIN) -> Float[np.ndarray, " n"]:
    """Log odds of probabilities that are held `margin` away from 0 and 1.

    Example:
        >>> logits(np.array([0.5, 1.0])).round(2).tolist()
        [0.0, 13.82]
    """
    return logit(np.clip(probability, margin, 1 - margin))
