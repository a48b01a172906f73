"""Calibration by logistic regression on the predicted log odds."""

import warnings
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.tools.sm_exceptions import ConvergenceWarning, PerfectSeparationWarning

from fusion.errors import UndefinedMetric
from fusion.statistics.binary import MARGIN, both_classes, checked, logits
from fusion.statistics.estimate import Estimate, wald, wald_log


@dataclass(frozen=True)
class CalibrationLine:
    """logit P(event) = intercept + slope · logit p; perfect is 0 and 1."""

    intercept: Estimate
    slope: Estimate
    """Below 1: predictions are too extreme, as after overfitting; above 1: too timid."""


def calibration_in_the_large(
    probability: Float[np.ndarray, " n"],
    target: Bool[np.ndarray, " n"],
    *,
    level: float = 0.95,
    margin: float = MARGIN,
) -> Estimate:
    """Intercept of a logistic model with logit p as offset; 0 is perfect.

    Above 0: more events than predicted. Wald interval.

    Args:
        probability: predicted, of the event.
        target: True where the event happened.
        level: of the interval.
        margin: how near to 0 or 1 a probability may come; those beyond are held there.

    Raises:
        UndefinedMetric: where one class is absent.
        ValueError: where one is no probability, or lengths differ.

    Source: Cox 1958; Steyerberg 2019, chapter 15.

    Example:
        >>> target = np.array([True, False, False, False])
        >>> found = calibration_in_the_large(np.full(4, 0.5), target)
        >>> round(found.value, 4)  # logit 0.25 - logit 0.5
        -1.0986
    """
    probability = checked(probability, target)
    both_classes(target, "calibration-in-the-large")
    design = np.ones((len(target), 1))
    value, se = fit_logistic(design, target, offset=logits(probability, margin))
    return wald(value[0], se[0], level)


def calibration_line(
    probability: Float[np.ndarray, " n"],
    target: Bool[np.ndarray, " n"],
    *,
    level: float = 0.95,
    margin: float = MARGIN,
) -> CalibrationLine:
    """Calibration slope with the intercept fitted beside it; Wald intervals.

    That intercept is not calibration-in-the-large, unless the slope is 1.

    Args:
        probability: predicted, of the event.
        target: True where the event happened.
        level: of the intervals.
        margin: as in `calibration_in_the_large`.

    Raises:
        UndefinedMetric: where one class is absent, all predictions are equal, or predictions
            separate the classes.
        ValueError: where one is no probability, or lengths differ.

    Source: Cox 1958; Van Calster et al. 2019.

    Example:
        >>> p = np.repeat([0.2, 0.8], 50)  # in truth 0.3 and 0.7
        >>> target = np.arange(100) % 50 < np.where(p < 0.5, 15, 35)
        >>> round(calibration_line(p, target).slope.value, 4)  # logit 0.7 / logit 0.8
        0.6112
    """
    probability = checked(probability, target)
    both_classes(target, "a calibration slope")
    x = logits(probability, margin)
    if np.ptp(x) == 0:
        raise UndefinedMetric(
            f"calibration slope: all {len(x)} predictions are {probability[0]:g}, a line needs two"
        )
    value, se = fit_logistic(np.column_stack([np.ones(len(x)), x]), target)
    return CalibrationLine(wald(value[0], se[0], level), wald(value[1], se[1], level))


def observed_expected(
    probability: Float[np.ndarray, " n"], target: Bool[np.ndarray, " n"], *, level: float = 0.95
) -> Estimate:
    """O:E, events seen over events predicted; 1 is perfect, above 1 too few were predicted.

    Interval on the logarithm, with variance (1 - O / n) / O.

    Args:
        probability: predicted, of the event.
        target: True where the event happened.
        level: of the interval.

    Raises:
        UndefinedMetric: where one class is absent.
        ValueError: where one is no probability, or lengths differ.

    Source: Debray et al. 2017.

    Example:
        >>> observed_expected(np.full(4, 0.5), np.array([True, False, False, False])).value
        0.5
    """
    probability = checked(probability, target)
    events, others = both_classes(target, "O:E")
    expected = float(probability.sum())
    if expected == 0:
        raise UndefinedMetric(f"O:E: no event is predicted where {events} happened")
    return wald_log(events / expected, np.sqrt(others / len(target) / events), level)


def fit_logistic(
    design: Float[np.ndarray, "n k"],
    target: Bool[np.ndarray, " n"],
    offset: Float[np.ndarray, " n"] | None = None,
) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """Coefficients and standard errors, by maximum likelihood without penalty.

    Raises:
        UndefinedMetric: where the columns separate the classes or depend on each other, so that
            there is no maximum, or patients are no more than columns.
    """
    if len(target) <= design.shape[1]:
        raise UndefinedMetric(
            f"logistic regression: {len(target)} patients for {design.shape[1]} columns; expected "
            "more patients than columns"
        )
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise UndefinedMetric(
            f"logistic regression: the {design.shape[1]} columns depend on each other over "
            f"{len(target)} patients"
        )
    with warnings.catch_warnings(), np.errstate(over="ignore"):  # coefficients on their way out
        warnings.simplefilter("error", PerfectSeparationWarning)
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            found = GLM(target.astype(float), design, family=Binomial(), offset=offset).fit()
        except (PerfectSeparationWarning, ConvergenceWarning) as error:
            raise UndefinedMetric(
                f"logistic regression on {len(target)} patients has no solution; do the "
                "predictions separate the classes?"
            ) from error
    return np.asarray(found.params), np.asarray(found.bse)
