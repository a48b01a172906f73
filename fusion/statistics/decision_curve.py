"""Net benefit over thresholds, with intervals."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from fusion.errors import UndefinedMetric
from fusion.statistics.bootstrap import percentiles
from fusion.statistics.draws import check_draws, drawn_counts
from fusion.statistics.net_benefit import Thresholds, gains
from fusion.statistics.net_benefit_survival import resampled_survival_benefit

Benefits = Callable[[Int[np.ndarray, "draws n"]], Float[np.ndarray, "draws thresholds"]]


@dataclass(frozen=True)
class Band:
    """A value at each threshold, with a pointwise interval."""

    value: Float[np.ndarray, " thresholds"]
    low: Float[np.ndarray, " thresholds"]
    high: Float[np.ndarray, " thresholds"]


@dataclass(frozen=True)
class DecisionCurve:
    """Treating by the model, treating all, and what the model adds. Treating none has 0."""

    thresholds: Thresholds
    model: Band
    treat_all: Band
    advantage: Band
    """Model minus the better of treating all and treating none, on the same resamples."""
    draws: int
    undefined: Int[np.ndarray, " thresholds"]
    """Resamples in which the model had no value; the intervals are from the others."""


def decision_curve(
    probability: Float[np.ndarray, " n"],
    target: Bool[np.ndarray, " n"],
    thresholds: Thresholds,
    *,
    draws: int = 1000,
    level: float = 0.95,
    seed: int,
    groups: Shaped[np.ndarray, " n"] | None = None,
) -> DecisionCurve:
    """`net_benefit` with percentile intervals by resampling patients.

    Args:
        probability: predicted, of the event.
        target: True where the event happened.
        thresholds: above 0 and below 1.
        draws: resamples.
        level: of the intervals.
        seed: of the resamples.
        groups: whose each row is, where patients have several.

    Raises:
        UndefinedMetric: without patients.
        ValueError: where one is no probability, lengths differ, or a number is out of range.

    Source: Vickers and Elkin 2006; Vickers et al. 2008 (intervals).

    Example:
        >>> p, target = np.array([0.1, 0.3, 0.6, 0.9]), np.array([False, True, False, True])
        >>> curve = decision_curve(p, target, np.array([0.2, 0.5]), draws=50, seed=0)
        >>> curve.model.value.tolist(), curve.advantage.value.tolist()
        ([0.4375, 0.0], [0.0625, 0.0])
    """
    rows = check_draws([probability, target], draws, level, groups)
    model = _mean(gains(probability, target, thresholds))
    everybody = _mean(gains(np.ones(rows), target, thresholds))
    return _curve(model, everybody, thresholds, rows, draws, level, seed, groups)


def decision_curve_survival(
    probability: Float[np.ndarray, " n"],
    time_days: Float[np.ndarray, " n"],
    event: Bool[np.ndarray, " n"],
    thresholds: Thresholds,
    *,
    horizon_days: float,
    draws: int = 1000,
    level: float = 0.95,
    seed: int,
    groups: Shaped[np.ndarray, " n"] | None = None,
) -> DecisionCurve:
    """`net_benefit_survival` with percentile intervals by resampling patients.

    Args:
        probability: predicted, of the event until the horizon.
        time_days: until the event, or until last seen.
        event: True where the event was seen.
        thresholds: above 0 and below 1.
        horizon_days: the day that the prediction is for.
        draws: resamples.
        level: of the intervals.
        seed: of the resamples.
        groups: whose each row is, where patients have several.

    Raises:
        UndefinedMetric: as `net_benefit_survival`.
        ValueError: where one is no probability, lengths differ, or a number is out of range.

    Source: Vickers et al. 2008.

    Example:
        >>> days, event = np.array([1.0, 2, 3, 4, 5, 6]), np.arange(6) % 2 == 0
        >>> p = np.array([0.9, 0.5, 0.7, 0.2, 0.1, 0.3])
        >>> curve = decision_curve_survival(
        ...     p, days, event, np.array([0.2]), horizon_days=4.0, draws=50, seed=0
        ... )
        >>> curve.model.value.round(4).tolist()
        [0.2778]
    """
    rows = check_draws([probability, time_days, event], draws, level, groups)
    model, everybody = (
        resampled_survival_benefit(p, time_days, event, thresholds, horizon_days=horizon_days)
        for p in (probability, np.ones(rows))
    )
    return _curve(model, everybody, thresholds, rows, draws, level, seed, groups)


def _curve(
    model: Benefits,
    everybody: Benefits,
    thresholds: Thresholds,
    rows: int,
    draws: int,
    level: float,
    seed: int,
    groups: Shaped[np.ndarray, " n"] | None,
) -> DecisionCurve:
    everyone_once = [np.ones((1, rows), dtype=np.int64)]
    found = []
    for chunks in (everyone_once, drawn_counts(rows, draws, seed, groups)):
        pairs = [(model(counts), everybody(counts)) for counts in chunks]
        of_model, of_all = (np.concatenate(x) for x in zip(*pairs, strict=True))
        found.append((of_model, of_all, of_model - np.maximum(of_all, 0.0)))
    value, drawn = found
    lost = np.isnan(value[0][0]) | np.isnan(value[1][0])
    if lost.any():
        raise UndefinedMetric(
            f"net benefit at threshold {thresholds[lost][0]:g}: whoever is treated is not followed "
            "up to the horizon; choose an earlier one or leave the threshold out"
        )
    model_band, all_band, advantage = (
        _band(v[0], d, level) for v, d in zip(value, drawn, strict=True)
    )
    undefined = np.isnan(drawn[0]).sum(axis=0)
    return DecisionCurve(thresholds, model_band, all_band, advantage, draws, undefined)


def _band(
    value: Float[np.ndarray, " thresholds"],
    drawn: Float[np.ndarray, "draws thresholds"],
    level: float,
) -> Band:
    limits = np.array([percentiles(column, level) for column in drawn.T])
    return Band(value, limits[:, 0], limits[:, 1])


def _mean(each: Float[np.ndarray, "n thresholds"]) -> Benefits:
    return lambda counts: counts @ each / counts.sum(axis=1, keepdims=True)
