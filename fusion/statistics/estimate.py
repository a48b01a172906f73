"""A number and where it may lie."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm


@dataclass(frozen=True)
class Estimate:
    """On the patients as they are, with an interval."""

    value: float
    low: float
    high: float


def wald(value: float, se: float, level: float) -> Estimate:
    """Normal interval: value ± z se.

    Raises:
        ValueError: for a level out of range.

    Example:
        >>> wald(1.0, 0.5, 0.95).high
        1.979981992270027
    """
    half = quantile(level) * float(se)
    return Estimate(float(value), float(value) - half, float(value) + half)


def wald_log(value: float, se_log: float, level: float) -> Estimate:
    """Normal interval of the logarithm, for ratios: value · exp(± z se).

    Raises:
        ValueError: for a level out of range.

    Example:
        >>> found = wald_log(2.0, 0.1, 0.95)
        >>> round(found.low * found.high, 6)
        4.0
    """
    factor = float(np.exp(quantile(level) * se_log))
    return Estimate(float(value), float(value) / factor, float(value) * factor)


def quantile(level: float) -> float:
    """Z of a two-sided interval.

    Raises:
        ValueError: for a level out of range.

    Example:
        >>> round(quantile(0.95), 4)
        1.96
    """
    if not 0 < level < 1:
        raise ValueError(f"level {level}: expected between 0 and 1, 0.95 for instance")
    return float(norm.ppf((1 + level) / 2))
