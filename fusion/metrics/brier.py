"""Mean squared error of a probability."""

import numpy as np
from jaxtyping import Bool, Float, Int

from fusion.metrics.censoring import Censoring
from fusion.metrics.check import class_counts, finite
from fusion.metrics.horizon_weights import horizon_weights


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
    survival = finite("survival", survival)
    weight = horizon_weights(time_days, event, horizon_days=horizon_days, censoring=censoring)
    return weight * (survival - (time_days > horizon_days)) ** 2


def against_competing(
    survival: Float[np.ndarray, " n"],
    time_days: Float[np.ndarray, " n"],
    competing: Bool[np.ndarray, " n"],
    horizon_days: float,
) -> Float[np.ndarray, " n"]:
    """What to give `brier_survival` as survival, with events of any kind as its events.

    Whoever had another event by the day will never have this one: his 1 - survival stands in, so
    that the error is that of 1 for event-free, and the weight still that of his own time.

    Source: Gerds and Schumacher 2006; Schoop et al. 2011 (competing events).

    Example:
        >>> days, other = np.array([1.0, 3.0]), np.array([True, True])
        >>> against_competing(np.array([0.75, 0.75]), days, other, 2.0).tolist()
        [0.25, 0.75]
    """
    return np.where(competing & (time_days <= horizon_days), 1.0 - survival, survival)
