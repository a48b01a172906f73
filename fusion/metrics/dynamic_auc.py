"""The area under the ROC curve of who has had the event by a day."""

import numpy as np
from jaxtyping import Bool, Float

from fusion.errors import UndefinedMetric
from fusion.metrics.censoring import Censoring
from fusion.metrics.check import finite
from fusion.metrics.horizon_weights import horizon_weights


def dynamic_auc(
    score: Float[np.ndarray, " n"],
    time_days: Float[np.ndarray, " n"],
    event: Bool[np.ndarray, " n"],
    competing: Bool[np.ndarray, " n"],
    *,
    horizon_days: float,
    censoring: Censoring,
) -> float:
    """Cumulative cases against dynamic controls: probability that a case scores above a control.

    Cases had the event by the day, controls had not: they were seen event-free after it, or had
    a competing event before. Everybody stands in for those who were censored too early to know,
    by the inverse probability of being followed up.

    Args:
        score: larger is worse; for this day, or for all.
        time_days: until the first event of any kind, or until last seen.
        event: True where the event was seen.
        competing: True where another event was seen, which rules this one out.
        horizon_days: the day.
        censoring: fitted on training patients.

    Raises:
        UndefinedMetric: without a case or a control, where the day is beyond the follow-up of
            `censoring`, or where a weight would be infinite.

    Source: Uno et al. 2007; Hung and Chiang 2010; Blanche et al. 2013 (competing events).

    Example:
        >>> days, event = np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, True, True, False])
        >>> curve, nobody = Censoring.fit(days, event), np.zeros(4, dtype=bool)
        >>> score = np.array([4.0, 1.0, 3.0, 2.0])
        >>> dynamic_auc(score, days, event, nobody, horizon_days=2.5, censoring=curve)
        0.5
    """
    case, control = case_weights(
        time_days, event, competing, horizon_days=horizon_days, censoring=censoring
    )
    score = finite("score", score)
    cases, controls = np.flatnonzero(case), np.flatnonzero(control)
    ranked = controls[np.argsort(score[controls], kind="stable")]
    seen = np.concatenate([[0.0], np.cumsum(control[ranked])])
    below = np.searchsorted(score[ranked], score[cases], side="left")
    through = np.searchsorted(score[ranked], score[cases], side="right")
    above = case[cases] @ (seen[below] + seen[through]) / 2
    return float(above / (case.sum() * control.sum()))


def case_weights(
    time_days: Float[np.ndarray, " n"],
    event: Bool[np.ndarray, " n"],
    competing: Bool[np.ndarray, " n"],
    *,
    horizon_days: float,
    censoring: Censoring,
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Weight of each patient as a case, and as a control.

    Raises:
        UndefinedMetric: as `dynamic_auc`.
    """
    weight = horizon_weights(
        time_days, event | competing, horizon_days=horizon_days, censoring=censoring
    )
    happened = event & (time_days <= horizon_days)
    if not happened.any() or not (weight[~happened] > 0).any():
        raise UndefinedMetric(
            f"AUC at day {horizon_days:g} needs patients with the event by then and others without "
            f"it, found {int(happened.sum())} and {int((weight[~happened] > 0).sum())}"
        )
    return np.where(happened, weight, 0.0), np.where(happened, 0.0, weight)


def integrated_dynamic_auc(
    scores: Float[np.ndarray, "n days"],
    time_days: Float[np.ndarray, " n"],
    event: Bool[np.ndarray, " n"],
    *,
    days: Float[np.ndarray, " days"],
    censoring: Censoring,
) -> float:
    """Mean of `dynamic_auc` over days, each weighted by the events since the day before it.

    The events are counted by the Kaplan-Meier curve of the patients, up to the last day.

    Args:
        scores: one column per day, larger is worse.
        time_days: until the event, or until last seen.
        event: True where the event was seen.
        days: ascending.
        censoring: fitted on training patients.

    Raises:
        UndefinedMetric: as `dynamic_auc`.

    Source: Lambert and Chevret 2016.

    Example:
        >>> days, event = np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, True, True, False])
        >>> curve, score = Censoring.fit(days, event), np.array([4.0, 1.0, 3.0, 2.0])
        >>> at = np.array([1.5, 2.5])
        >>> both = np.stack([score, score], axis=1)
        >>> integrated_dynamic_auc(both, days, event, days=at, censoring=curve)
        0.75
    """
    alive = _event_free(time_days, event, days)
    share = -np.diff(np.concatenate([[1.0], alive]))
    if share.sum() <= 0:
        raise UndefinedMetric(f"mean AUC: no event by day {days[-1]:g}")
    nobody = np.zeros(len(event), dtype=bool)
    found = [
        dynamic_auc(scores[:, i], time_days, event, nobody, horizon_days=day, censoring=censoring)
        for i, day in enumerate(days.tolist())
        if share[i] > 0
    ]
    return float(share[share > 0] @ np.array(found) / share.sum())


def _event_free(
    time_days: Float[np.ndarray, " n"],
    event: Bool[np.ndarray, " n"],
    days: Float[np.ndarray, " days"],
) -> Float[np.ndarray, " days"]:
    """Kaplan-Meier at the days; flat after the last patient was seen."""
    at, index = np.unique(time_days, return_inverse=True)
    at_risk = np.cumsum(np.bincount(index)[::-1])[::-1]
    died = np.bincount(index[event], minlength=len(at))
    curve = np.concatenate([[1.0], np.cumprod(1 - died / at_risk)])
    return curve[np.searchsorted(at, days, side="right")]
