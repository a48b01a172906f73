"""How many patients it takes to say how good a model is elsewhere."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import expit

from fusion.errors import UndefinedMetric
from fusion.metrics.check import finite

Z = 1.959963984540054
"""Of a 95 % interval."""


@dataclass(frozen=True)
class ValidationSize:
    """Patients by criterion; the largest is needed."""

    observed_expected: int
    slope: int
    auc: int
    events: float
    """Expected among the patients needed."""

    @property
    def patients(self) -> int:
        """The largest of the criteria."""
        return max(self.observed_expected, self.slope, self.auc)


def validation_size(
    *,
    prevalence: float,
    auc: float,
    linear_predictor: Float[np.ndarray, " n"],
    observed_expected_width: float = 0.2,
    slope_width: float = 0.2,
    auc_width: float = 0.1,
) -> ValidationSize:
    """For a binary outcome: 95 % intervals no wider than asked for.

    O:E: se of ln(O/E) = √((1 - phi) / (n phi)), its interval being exp(±1.96 se). Slope: se² =
    I_a / (n (I_a I_b - I_ab²)), I_a, I_b and I_ab the means of w, w LP² and w LP, w = p (1 - p).
    AUC: `auc_standard_error`.

    Args:
        prevalence: of the outcome at the other place.
        auc: expected there.
        linear_predictor: log odds that the model would give there: those of the development
            patients, or draws from what is known of them. The model is taken to be calibrated.
        observed_expected_width: of the interval of O:E, around 1. Narrow ones take very many
            patients where the outcome is rare.
        slope_width: of the interval of the calibration slope, around 1.
        auc_width: of the interval of the AUC.

    Raises:
        UndefinedMetric: where the linear predictor does not vary.
        ValueError: for values out of range.

    Source: Riley et al. 2021, Stat Med 40:4230.

    Example:
        >>> lp = np.linspace(-5, 5, 101)
        >>> size = validation_size(prevalence=0.5, auc=0.8, linear_predictor=lp)
        >>> size.observed_expected, size.slope, size.auc, size.patients
        (386, 1381, 302, 1381)
    """
    for name, value in (("prevalence", prevalence), ("auc", auc)):
        if not 0 < value < 1:
            raise ValueError(f"{name} {value}: expected between 0 and 1")
    if min(observed_expected_width, slope_width, auc_width) <= 0:
        raise ValueError("widths of intervals: expected above 0")
    ratio_se = math.asinh(observed_expected_width / 2) / Z
    first = math.ceil((1 - prevalence) / (prevalence * ratio_se**2))
    second = _slope_size(finite("linear_predictor", linear_predictor), slope_width / (2 * Z))
    third = _auc_size(auc, prevalence, auc_width / (2 * Z))
    return ValidationSize(first, second, third, max(first, second, third) * prevalence)


def auc_standard_error(auc: float, prevalence: float, patients: int) -> float:
    """Expected standard error of an AUC, of ratings about normal.

    se² = A (1 - A) [1 + (n/2 - 1)(1 - A)/(2 - A) + (n/2 - 1) A/(1 + A)] / (n² phi (1 - phi)).

    Source: Newcombe 2006, Stat Med 25:559 (method 4).

    Example:
        >>> round(auc_standard_error(0.8, 0.018, 4252), 4)
        0.0255
    """
    half = patients / 2 - 1
    inner = 1 + half * (1 - auc) / (2 - auc) + half * auc / (1 + auc)
    return math.sqrt(auc * (1 - auc) * inner / (prevalence * (1 - prevalence))) / patients


def _slope_size(predictor: Float[np.ndarray, " n"], error: float) -> int:
    p = expit(predictor)
    weight = p * (1 - p)
    a, b = float(weight.mean()), float((weight * predictor**2).mean())
    both = float((weight * predictor).mean())
    information = a * b - both**2
    if information <= 1e-12 * a * b:
        raise UndefinedMetric("the linear predictor is the same for all: there is no slope")
    return math.ceil(a / (error**2 * information))


def _auc_size(auc: float, prevalence: float, error: float) -> int:
    low, high = 1, 2
    while auc_standard_error(auc, prevalence, high) > error:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        enough = auc_standard_error(auc, prevalence, middle) <= error
        low, high = (low, middle) if enough else (middle, high)
    return high
