"""Whom a patient stands in for when some were censored before a day."""

import numpy as np
from jaxtyping import Bool, Float

from fusion.errors import UndefinedMetric
from fusion.metrics.censoring import Censoring
from fusion.metrics.check import finite


def horizon_weights(
    time_days: Float[np.ndarray, " n"],
    happened: Bool[np.ndarray, " n"],
    *,
    horizon_days: float,
    censoring: Censoring,
) -> Float[np.ndarray, " n"]:
    """1 / the probability of being followed up until it is known what holds at the day.

    That is until the event for whom it happened by then, and until the day for whom was seen
    after it; 0 for whom was censored before. The weight of an event uses the curve through its own
    day, as scikit-survival has it.

    Args:
        time_days: until the event, or until last seen.
        happened: True where an event was seen, of whatever kind.
        horizon_days: the day.
        censoring: fitted on training patients.

    Raises:
        UndefinedMetric: where the day is beyond the follow-up of `censoring`, or a patient would
            have an infinite weight.

    Source: Graf et al., Statistics in Medicine 1999.

    Example:
        >>> days, event = np.array([1.0, 2.0, 4.0]), np.array([False, True, True])
        >>> horizon_weights(days, event, horizon_days=3.0, censoring=Censoring.fit(days, event))
        array([0. , 1.5, 1.5])
    """
    time_days = finite("time_days", time_days)
    known = (time_days > horizon_days) | happened
    followed = censoring(np.minimum(time_days, horizon_days))
    at_horizon = censoring(np.array([horizon_days]))[0]
    followed = np.where(time_days > horizon_days, at_horizon, followed)
    if (followed[known] == 0).any():
        raise UndefinedMetric(
            f"day {horizon_days:g}: nobody in the training follow-up is uncensored by then; choose "
            "an earlier horizon"
        )
    return np.divide(1.0, followed, out=np.zeros_like(followed), where=known)
