"""Calibration by a smooth curve, without bins."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Shaped
from statsmodels.nonparametric.smoothers_lowess import lowess

from fusion.errors import UndefinedMetric
from fusion.statistics.binary import both_classes, checked
from fusion.statistics.bootstrap import percentiles
from fusion.statistics.draws import check_draws, drawn_counts

FRACTION = 2 / 3
"""Of the patients, that each point of the curve is fitted on."""


@dataclass(frozen=True)
class SmoothErrors:
    """|curve - prediction| over the patients."""

    ici: float
    """Mean: the integrated calibration index."""
    e50: float
    """Median."""
    e90: float
    """90th percentile."""
    emax: float


@dataclass(frozen=True)
class CalibrationCurve:
    """What happened, as a function of what was predicted."""

    predicted: Float[np.ndarray, " grid"]
    observed: Float[np.ndarray, " grid"]
    low: Float[np.ndarray, " grid"]
    """Pointwise, not of the curve as a whole."""
    high: Float[np.ndarray, " grid"]
    draws: int
    undefined: int
    """Resamples without a curve."""


def smooth_errors(
    probability: Float[np.ndarray, " n"], target: Bool[np.ndarray, " n"]
) -> SmoothErrors:
    """ICI, E50, E90 and Emax. 0 is perfect.

    The curve is lowess of the truth on the predictions: locally linear, tricube weights, each
    point from the nearest two thirds of the patients, no robustness iterations (they would
    explain rare events away). R's loess is locally quadratic: not the same curve.

    Args:
        probability: predicted, of the event.
        target: True where the event happened.

    Raises:
        UndefinedMetric: where one class is absent, or predictions are too few or too alike.
        ValueError: where one is no probability, or lengths differ.

    Source: Austin and Steyerberg 2019; Harrell 2015 (Emax); Cleveland 1979 (lowess).

    Example:
        >>> generator = np.random.default_rng(0)
        >>> p = generator.random(500)
        >>> happened = generator.random(500) < p
        >>> smooth_errors(p, happened).ici < 0.05 < smooth_errors(p**2, happened).ici
        True
    """
    probability = checked(probability, target)
    both_classes(target, "a calibration curve")
    gap = np.abs(_curve(probability, target, probability) - probability)
    e50, e90 = np.quantile(gap, [0.5, 0.9])
    return SmoothErrors(float(gap.mean()), float(e50), float(e90), float(gap.max()))


def calibration_curve(
    probability: Float[np.ndarray, " n"],
    target: Bool[np.ndarray, " n"],
    *,
    points: int = 50,
    draws: int = 500,
    level: float = 0.95,
    seed: int,
    groups: Shaped[np.ndarray, " n"] | None = None,
) -> CalibrationCurve:
    """The curve of `smooth_errors`, with a band by resampling patients.

    Args:
        probability: predicted, of the event.
        target: True where the event happened.
        points: of the grid, equally far apart from the lowest to the highest prediction.
        draws: resamples.
        level: of the band.
        seed: of the resamples.
        groups: whose each row is, where patients have several.

    Raises:
        UndefinedMetric: as `smooth_errors`.
        ValueError: as `smooth_errors`; where draws or level are out of range.

    Source: Austin and Steyerberg 2014; Efron and Tibshirani 1993 (the band).

    Example:
        >>> generator = np.random.default_rng(0)
        >>> p = generator.random(300)
        >>> found = calibration_curve(p, generator.random(300) < p, points=3, draws=50, seed=0)
        >>> bool(found.low[1] < found.predicted[1] < found.high[1])
        True
    """
    probability = checked(probability, target)
    both_classes(target, "a calibration curve")
    rows = check_draws([probability, target], draws, level, groups)
    grid = np.linspace(probability.min(), probability.max(), points)
    observed = _curve(probability, target, grid)
    curves, undefined = [], 0
    for counts in drawn_counts(rows, draws, seed, groups):
        for row in counts:
            drawn = np.repeat(np.arange(rows), row)
            try:
                curves.append(_curve(probability[drawn], target[drawn], grid))
            except UndefinedMetric:
                undefined += 1
    drawn_curves = np.array(curves).reshape(-1, points)
    band = np.array([percentiles(column, level) for column in drawn_curves.T])
    return CalibrationCurve(grid, observed, band[:, 0], band[:, 1], draws, undefined)


def _curve(
    probability: Float[np.ndarray, " m"],
    target: Bool[np.ndarray, " m"],
    grid: Float[np.ndarray, " grid"],
) -> Float[np.ndarray, " grid"]:
    if len(np.unique(probability)) < 3:
        raise UndefinedMetric(
            f"a calibration curve needs three different predictions, found "
            f"{len(np.unique(probability))} in {len(probability)} patients"
        )
    places, back = np.unique(grid, return_inverse=True)
    with np.errstate(invalid="ignore", divide="ignore"):  # what it could not fit is refused below
        fitted = lowess(target.astype(np.float64), probability, frac=FRACTION, it=0, xvals=places)
    if not np.isfinite(fitted).all():
        raise UndefinedMetric(
            "a calibration curve cannot be fitted: so many predictions are equal that a "
            f"neighbourhood of {FRACTION:.0%} of the patients has no width"
        )
    return fitted[back]
