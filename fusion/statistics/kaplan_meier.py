"""Survival at one day, for many resamples at once."""

import numpy as np
from jaxtyping import Bool, Float

from fusion.metrics.check import finite
from fusion.statistics.resampled_values import Counts, Resampled, Values


def resampled_survival(
    time_days: Float[np.ndarray, " n"], event: Bool[np.ndarray, " n"], horizon_days: float
) -> Resampled:
    """Kaplan-Meier survival through the horizon, by running sums in the order of days.

    NaN where nobody of the resample is followed up to the horizon while some were alive: the
    curve is not drawn on beyond the last patient.

    Args:
        time_days: until the event, or until last seen.
        event: True where the event was seen.
        horizon_days: events on that day count.

    Source: Kaplan and Meier 1958.

    Example:
        >>> days, event = np.array([1.0, 2.0, 3.0]), np.array([True, False, True])
        >>> survival = resampled_survival(days, event, 2.0)
        >>> survival(np.array([[1, 1, 1], [2, 0, 1], [1, 2, 0], [1, 0, 0]])).round(3).tolist()
        [0.667, 0.333, 0.667, 0.0]
        >>> resampled_survival(days, event, 2.5)(np.array([[1, 1, 0]])).tolist()
        [nan]
    """
    if len(time_days) == 0:
        return lambda counts: np.full(len(counts), np.nan)
    order = np.argsort(finite("time_days", time_days), kind="stable")
    time_days, event = time_days[order], event[order]
    first = np.flatnonzero(np.append(True, np.diff(time_days) > 0))
    first = first[time_days[first] <= horizon_days]
    through = int(np.searchsorted(time_days, horizon_days, side="right"))
    at_horizon = int(np.searchsorted(time_days, horizon_days, side="left"))

    def values(counts: Counts) -> Values:
        counts = counts[:, order]
        kept = np.ones(len(counts))
        if len(first):
            died = np.add.reduceat((counts * event)[:, :through], first, axis=1)
            before = np.cumsum(counts, axis=1)[:, first] - counts[:, first]
            at_risk = counts.sum(axis=1, keepdims=True) - before
            hazard = np.divide(died, at_risk, out=np.zeros(died.shape), where=at_risk > 0)
            kept = np.prod(1 - hazard, axis=1)
        followed = counts[:, at_horizon:].sum(axis=1) > 0
        return np.where(followed | (kept == 0), kept, np.nan)

    return values
