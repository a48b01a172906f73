"""Net benefit where some patients are not followed up to the horizon."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float, Int

from fusion.errors import UndefinedMetric
from fusion.statistics.binary import checked
from fusion.statistics.kaplan_meier import resampled_survival
from fusion.statistics.net_benefit import Thresholds, odds


def net_benefit_survival(
    probability: Float[np.ndarray, " n"],
    time_days: Float[np.ndarray, " n"],
    event: Bool[np.ndarray, " n"],
    thresholds: Thresholds,
    *,
    horizon_days: float,
) -> Float[np.ndarray, " thresholds"]:
    """P(treated) · ((1 - S) - S · t / (1 - t)), S of the treated by Kaplan-Meier at the horizon.

    Treated is whoever has p >= t. Where nobody is, the net benefit is 0.

    Args:
        probability: predicted, of the event until the horizon: 1 - survival.
        time_days: until the event, or until last seen.
        event: True where the event was seen.
        thresholds: above 0 and below 1.
        horizon_days: the day that the prediction is for.

    Raises:
        UndefinedMetric: without patients, or where those treated at a threshold are not followed
            up to the horizon; the curve is not drawn on beyond the last of them.
        ValueError: where one is no probability, lengths differ, or a threshold is out of range.

    Source: Vickers et al. 2008.

    Example:
        >>> days, event = np.array([1.0, 2, 3, 4, 5, 6]), np.arange(6) % 2 == 0
        >>> p = np.array([0.9, 0.5, 0.7, 0.2, 0.1, 0.3])
        >>> net_benefit_survival(p, days, event, np.array([0.2]), horizon_days=4.0).round(4)
        array([0.2778])
    """
    benefit = resampled_survival_benefit(
        probability, time_days, event, thresholds, horizon_days=horizon_days
    )(np.ones((1, len(event)), dtype=np.int64))[0]
    lost = np.isnan(benefit)
    if lost.any():
        threshold = thresholds[lost][0]
        treated = probability >= threshold
        raise UndefinedMetric(
            f"net benefit at threshold {threshold:g}: the {int(treated.sum())} patients treated "
            f"are followed up to day {time_days[treated].max():g} only, the horizon is day "
            f"{horizon_days:g}; choose an earlier one or leave the threshold out"
        )
    return benefit


def treat_all_survival(
    time_days: Float[np.ndarray, " n"],
    event: Bool[np.ndarray, " n"],
    thresholds: Thresholds,
    *,
    horizon_days: float,
) -> Float[np.ndarray, " thresholds"]:
    """Net benefit of treating everybody.

    Raises:
        UndefinedMetric: as `net_benefit_survival`.
        ValueError: as `net_benefit_survival`.

    Source: Vickers et al. 2008.

    Example:
        >>> days, event = np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, True, False, False])
        >>> treat_all_survival(days, event, np.array([0.2]), horizon_days=3.0).tolist()
        [0.375]
    """
    everybody = np.ones(len(event))
    return net_benefit_survival(everybody, time_days, event, thresholds, horizon_days=horizon_days)


def resampled_survival_benefit(
    probability: Float[np.ndarray, " n"],
    time_days: Float[np.ndarray, " n"],
    event: Bool[np.ndarray, " n"],
    thresholds: Thresholds,
    *,
    horizon_days: float,
) -> Callable[[Int[np.ndarray, "draws n"]], Float[np.ndarray, "draws thresholds"]]:
    """The same for many resamples at once, NaN where the treated are lost before the horizon."""
    probability, weight = checked(probability, event), odds(thresholds)
    treated = [np.flatnonzero(probability >= t) for t in thresholds]
    curves = [resampled_survival(time_days[r], event[r], horizon_days) for r in treated]

    def values(counts: Int[np.ndarray, "draws n"]) -> Float[np.ndarray, "draws thresholds"]:
        everybody = counts.sum(axis=1)
        columns = []
        for rows, curve, odd in zip(treated, curves, weight, strict=True):
            drawn = counts[:, rows]
            share = drawn.sum(axis=1) / everybody
            survived = np.where(share > 0, curve(drawn), 0.0)  # nobody treated: whatever it is
            columns.append(share * ((1 - survived) - survived * odd))
        return np.stack(columns, axis=1)

    return values
