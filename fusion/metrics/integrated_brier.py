"""The Brier score of a whole curve of survival."""

import numpy as np
from jaxtyping import Bool, Float

from fusion.metrics.brier import brier_survival_losses
from fusion.metrics.censoring import Censoring


def integrated_brier(
    survival: Float[np.ndarray, "n days"],
    time_days: Float[np.ndarray, " n"],
    event: Bool[np.ndarray, " n"],
    *,
    days: Float[np.ndarray, " days"],
    censoring: Censoring,
) -> float:
    """Mean of `brier_survival` from the first day to the last, by the trapezoidal rule.

    Args:
        survival: predicted probability to be event-free after each day.
        time_days: until the event, or until last seen.
        event: True where the event was seen.
        days: ascending, two or more.
        censoring: fitted on training patients.

    Raises:
        UndefinedMetric: as `brier_survival`.
        ValueError: for fewer than two days, or where they do not ascend.

    Source: Graf et al., Statistics in Medicine 1999.

    Example:
        >>> days, event = np.array([2.0, 3.0, 5.0]), np.array([True, True, True])
        >>> curve, half = Censoring.fit(days, event), np.full((3, 2), 0.5)
        >>> at = np.array([2.5, 4.0])
        >>> integrated_brier(half, days, event, days=at, censoring=curve)
        0.25
    """
    losses = integrated_brier_losses(survival, time_days, event, days=days, censoring=censoring)
    return float(losses.mean())


def integrated_brier_losses(
    survival: Float[np.ndarray, "n days"],
    time_days: Float[np.ndarray, " n"],
    event: Bool[np.ndarray, " n"],
    *,
    days: Float[np.ndarray, " days"],
    censoring: Censoring,
) -> Float[np.ndarray, " n"]:
    """What each patient adds to `integrated_brier`, which is their mean.

    Raises:
        UndefinedMetric: as `brier_survival`.
        ValueError: for fewer than two days, or where they do not ascend.
    """
    if len(days) < 2 or (np.diff(days) <= 0).any():
        raise ValueError(f"days {days.tolist()}: expected two or more, ascending")
    at_days = [
        brier_survival_losses(
            survival[:, i], time_days, event, horizon_days=day, censoring=censoring
        )
        for i, day in enumerate(days.tolist())
    ]
    step = np.diff(days)
    share = (np.append(step, 0.0) + np.insert(step, 0, 0.0)) / (2 * step.sum())
    return np.stack(at_days, axis=1) @ share
