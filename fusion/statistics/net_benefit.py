"""What treating by a prediction is worth, in patients rightly treated."""

import numpy as np
from jaxtyping import Bool, Float

from fusion.errors import UndefinedMetric
from fusion.statistics.binary import checked

Thresholds = Float[np.ndarray, " thresholds"]
"""Probabilities at which one would treat: the odds are how many may be treated in vain for one
who is treated rightly."""


def net_benefit(
    probability: Float[np.ndarray, " n"], target: Bool[np.ndarray, " n"], thresholds: Thresholds
) -> Float[np.ndarray, " thresholds"]:
    """TP / n - FP / n · t / (1 - t), where everybody with p >= t is treated.

    Treating nobody has 0. Calibrate first: at a threshold a miscalibrated model treats the
    wrong number of patients.

    Args:
        probability: predicted, of the event.
        target: True where the event happened.
        thresholds: above 0 and below 1; chosen by what the treatment costs, never by the data.

    Raises:
        UndefinedMetric: without patients.
        ValueError: where one is no probability, lengths differ, or a threshold is out of range.

    Source: Vickers and Elkin 2006.

    Example:
        >>> p, target = np.array([0.1, 0.3, 0.6, 0.9]), np.array([False, True, False, True])
        >>> net_benefit(p, target, np.array([0.2, 0.5])).tolist()
        [0.4375, 0.0]
    """
    return gains(probability, target, thresholds).mean(axis=0)


def treat_all(
    target: Bool[np.ndarray, " n"], thresholds: Thresholds
) -> Float[np.ndarray, " thresholds"]:
    """Net benefit of treating everybody: π - (1 - π) t / (1 - t).

    Raises:
        UndefinedMetric: without patients.
        ValueError: where a threshold is out of range.

    Source: Vickers and Elkin 2006.

    Example:
        >>> treat_all(np.array([False, True, False, True]), np.array([0.2, 0.5])).tolist()
        [0.375, 0.0]
    """
    return net_benefit(np.ones(len(target)), target, thresholds)


def interventions_avoided(
    benefit: Float[np.ndarray, " thresholds"],
    benefit_of_all: Float[np.ndarray, " thresholds"],
    thresholds: Thresholds,
) -> Float[np.ndarray, " thresholds"]:
    """Per 100 patients, how many fewer are treated in vain than if all were, none being missed.

    100 (NB - NB of treating all) / (t / (1 - t)). May be negative.

    Args:
        benefit: net benefit of the model.
        benefit_of_all: that of treating everybody.
        thresholds: of both.

    Raises:
        ValueError: where a threshold is out of range.

    Source: Vickers et al. 2008.

    Example:
        >>> interventions_avoided(np.array([0.4375]), np.array([0.375]), np.array([0.2])).tolist()
        [25.0]
    """
    return 100 * (benefit - benefit_of_all) / odds(thresholds)


def gains(
    probability: Float[np.ndarray, " n"], target: Bool[np.ndarray, " n"], thresholds: Thresholds
) -> Float[np.ndarray, "n thresholds"]:
    """What each patient adds to `net_benefit`, which is their mean."""
    probability = checked(probability, target)
    worth = np.where(target[:, None], 1.0, -odds(thresholds))
    return np.where(probability[:, None] >= thresholds, worth, 0.0)


def odds(thresholds: Thresholds) -> Float[np.ndarray, " thresholds"]:
    """T / (1 - t).

    Raises:
        UndefinedMetric: without a threshold.
        ValueError: for a threshold that is not above 0 and below 1.
    """
    if len(thresholds) == 0:
        raise UndefinedMetric("net benefit: no threshold")
    if not ((thresholds > 0) & (thresholds < 1)).all():
        raise ValueError(
            f"thresholds from {thresholds.min():g} to {thresholds.max():g}: expected above 0 and "
            "below 1"
        )
    return thresholds / (1 - thresholds)
