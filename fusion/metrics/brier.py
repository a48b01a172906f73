"""Mean squared error of a probability."""

import numpy as np
from jaxtyping import Bool, Float, Int

from fusion.errors import UndefinedMetric
from fusion.metrics.censoring import Censoring
from fusion.metrics.check import class_counts, finite


def brier(probabilities: Float[np.ndarray, "n k"], target: Int[np.ndarray, " n"]) -> float:
    """Brier score; 0 is perfect.

    With two classes the mean of (p - y)² of class 1, range 0 to 1. With more, the squares are
    added over the classes (Brier's original), range 0 to 2.

    Args:
        probabilities: one column per class.
        target: class index, 0 to k - 1.

    Raises:
        UndefinedMetric: without patients.

    Source: Brier 1950.

    Example:
        >>> brier(np.array([[0.5, 0.5], [0.0, 1.0]]), np.array([0, 1]))
        0.125
    """
    return float(brier_losses(probabilities, target).mean())


def brier_losses(
    probabilities: Float[np.ndarray, "n k"], target: Int[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """What each patient adds to `brier`, which is their mean.

    Example:
        >>> brier_losses(np.array([[0.5, 0.5], [0.0, 1.0]]), np.array([0, 1])).tolist()
        [0.25, 0.0]
    """
    classes = probabilities.shape[1]
    class_counts(target, classes)
    square = (finite("probabilities", probabilities) - np.eye(classes)[target]) ** 2
    return square[:, 1] if classes == 2 else square.sum(axis=1)


def brier_survival(
    survival: Float[np.ndarray, " n"],
    time_days: Float[np.ndarray, " n"],
    event: Bool[np.ndarray, " n"],
    *,
    horizon_days: float,
    censoring: Censoring,
) -> float:
    """Brier score of the survival predicted for one day, weighted for censoring.

    Patients censored before the horizon have no weight of their own; the others stand in for
    them (inverse probability of censoring). The weight of an event uses the curve through its
    own day, as scikit-survival has it.

    Args:
        survival: predicted probability to be event-free after the horizon.
        time_days: until the event, or until last seen.
        event: True where the event was seen.
        horizon_days: the day that the prediction is for.
        censoring: fitted on training patients.

    Raises:
        UndefinedMetric: where the horizon is beyond the follow-up of `censoring`, or a patient
            would have an infinite weight.

    Source: Graf et al., Statistics in Medicine 1999.

    Example:
        >>> days, event = np.array([2.0, 3.0, 5.0]), np.array([True, True, True])
        >>> curve = Censoring.fit(days, event)
        >>> survival = np.array([0.0, 0.5, 1.0])
        >>> round(brier_survival(survival, days, event, horizon_days=4.0, censoring=curve), 4)
        0.0833
    """
    losses = brier_survival_losses(
        survival, time_days, event, horizon_days=horizon_days, censoring=censoring
    )
    return float(losses.mean())


def brier_survival_losses(
    survival: Float[np.ndarray, " n"],
    time_days: Float[np.ndarray, " n"],
    event: Bool[np.ndarray, " n"],
    *,
    horizon_days: float,
    censoring: Censoring,
) -> Float[np.ndarray, " n"]:
    """What each patient adds to `brier_survival`, which is their mean.

    Raises:
        UndefinedMetric: as `brier_survival`.
    """
    survival, time_days = finite("survival", survival), finite("time_days", time_days)
    died = (time_days <= horizon_days) & event
    alive = time_days > horizon_days
    followed = censoring(np.minimum(time_days, horizon_days))
    at_horizon = censoring(np.array([horizon_days]))[0]
    followed = np.where(alive, at_horizon, followed)
    if (followed[died | alive] == 0).any():
        raise UndefinedMetric(
            f"Brier score at day {horizon_days:g}: nobody in the training follow-up is "
            "uncensored by then; choose an earlier horizon"
        )
    error = np.where(died, survival**2, np.where(alive, (1.0 - survival) ** 2, 0.0))
    weight = np.divide(1.0, followed, out=np.zeros_like(followed), where=died | alive)
    return error * weight
