"""How likely a patient is still followed up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from fusion.errors import UndefinedMetric
from fusion.metrics.check import finite


@dataclass(frozen=True)
class Censoring:
    """The Kaplan-Meier curve of staying uncensored, fitted on training patients.

    On a day with both, events come before censoring.

    Source: Graf et al. 1999.

    Example:
        >>> curve = Censoring.fit(np.array([2.0, 3.0, 5.0]), np.array([True, False, True]))
        >>> curve(np.array([1.0, 3.0, 4.0])).tolist()
        [1.0, 0.5, 0.5]
    """

    days: Float[np.ndarray, " steps"]
    """Ascending."""
    followed: Float[np.ndarray, " steps"]
    """Probability of being uncensored through each day."""

    @staticmethod
    def fit(time_days: Float[np.ndarray, " n"], event: Bool[np.ndarray, " n"]) -> "Censoring":
        """Estimate the curve."""
        time_days = finite("time_days", time_days)
        days, index = np.unique(time_days, return_inverse=True)
        everyone = np.bincount(index)
        events = np.bincount(index[event], minlength=len(days))
        at_risk = np.cumsum(everyone[::-1])[::-1] - events
        kept = np.ones(len(days))
        np.divide(at_risk - (everyone - events), at_risk, out=kept, where=at_risk > 0)
        return Censoring(days, np.cumprod(kept))

    def state(self) -> dict[str, list[float]]:
        """JSON-able: the days on which the curve falls, and the last one that it knows."""
        falls = np.diff(np.concatenate([[1.0], self.followed])) != 0
        falls[-1] = True
        return {"days": self.days[falls].tolist(), "followed": self.followed[falls].tolist()}

    @staticmethod
    def of(state: Mapping[str, Sequence[float]]) -> "Censoring":
        """The curve of a `state`.

        Example:
            >>> curve = Censoring.fit(np.array([2.0, 3.0, 5.0]), np.array([True, False, True]))
            >>> Censoring.of(curve.state())(np.array([2.9, 3.0, 5.0])).tolist()
            [1.0, 0.5, 0.5]
        """
        return Censoring(np.array(state["days"]), np.array(state["followed"]))

    def __call__(self, time_days: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """Probability of being uncensored through each day.

        Raises:
            UndefinedMetric: for a day after the last one that the curve knows.
        """
        if time_days.max() > self.days[-1]:
            raise UndefinedMetric(
                f"day {time_days.max():g} is beyond the {self.days[-1]:g} days for which "
                "censoring is known"
            )
        step = np.searchsorted(self.days, time_days, side="right")
        return np.concatenate([[1.0], self.followed])[step]
