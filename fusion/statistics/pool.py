"""One estimate from several centres, and what to expect at the next one."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float
from scipy.special import expit, logit
from scipy.stats import chi2, norm, t

from fusion.errors import UndefinedMetric
from fusion.metrics.check import finite
from fusion.statistics.heterogeneity import TAU2, cochran_q, i_squared, q_profile, weighted_mean


@dataclass(frozen=True)
class Pooled:
    """The mean over centres, how far they lie apart, and where a new one may lie."""

    value: float
    se: float
    """Of the mean, by the method of the interval."""
    low: float
    high: float
    predicted_low: float | None
    """Of the true value at a new centre; None with two centres, where there is no such thing."""
    predicted_high: float | None
    tau2: float
    """Variance of the true values between centres."""
    tau2_low: float
    tau2_high: float
    q: float
    q_p: float
    """Of centres being alike; says little with few centres."""
    i2: float
    """0 to 1."""
    centers: int
    scale: Literal["identity", "logit"] = "identity"
    """Of se and tau²; everything else is on the scale of the estimates."""


def pool(
    estimates: Float[np.ndarray, " centers"],
    standard_errors: Float[np.ndarray, " centers"],
    *,
    heterogeneity: Literal["DL", "REML"] = "REML",
    interval: Literal["hartung-knapp", "wald"] = "hartung-knapp",
    level: float = 0.95,
) -> Pooled:
    """Random-effects mean of estimates that are normal on the scale they are given in.

    m = Σ w y / Σ w, w = 1 / (se² + tau²). Its variance is 1 / Σ w for "wald" (normal quantile),
    and Σ w (y - m)² / ((k - 1) Σ w) for "hartung-knapp" (t on k - 1), which keeps its level with
    few centres; where centres agree better than chance allows it can be the narrower one. The
    prediction interval is m ± t_(k-2) √(tau² + var m).

    Args:
        estimates: one per centre, on a scale where they are about normal: the logit of an AUC,
            a log ratio.
        standard_errors: of those, on that scale, above 0.
        heterogeneity: how tau² is estimated.
        interval: of the mean.
        level: of all intervals.

    Raises:
        UndefinedMetric: with fewer than two centres.
        ValueError: for a value that is not finite, an error of 0, or lengths that differ.

    Source: DerSimonian and Laird 1986; Hartung and Knapp 2001; Higgins et al. 2009 and Partlett
    and Riley 2017 (prediction interval).

    Example:
        >>> pooled = pool(np.array([1.0, 1.5, 2.6]), np.array([0.2, 0.3, 0.4]))
        >>> round(pooled.value, 3), round(pooled.low, 3), round(pooled.high, 3)
        (1.65, -0.353, 3.652)
    """
    y, se = finite("estimates", estimates), finite("standard_errors", standard_errors)
    _check(y, se, level)
    k = len(y)
    tau2 = TAU2[heterogeneity](y, se)
    weights = 1.0 / (se**2 + tau2)
    value = weighted_mean(y, weights)
    match interval:
        case "wald":
            error = float(weights.sum() ** -0.5)
            quantile = float(norm.ppf((1 + level) / 2))
        case "hartung-knapp":
            error = float(np.sqrt(cochran_q(y, se, tau2=tau2) / ((k - 1) * weights.sum())))
            quantile = float(t.ppf((1 + level) / 2, k - 1))
        case _:
            raise ValueError(f"interval {interval!r}: expected 'hartung-knapp' or 'wald'")
    q = cochran_q(y, se)
    tau2_low, tau2_high = q_profile(y, se, level=level)
    half = float(t.ppf((1 + level) / 2, k - 2) * np.sqrt(tau2 + error**2)) if k > 2 else None
    return Pooled(
        value=value,
        se=error,
        low=value - quantile * error,
        high=value + quantile * error,
        predicted_low=None if half is None else value - half,
        predicted_high=None if half is None else value + half,
        tau2=tau2,
        tau2_low=tau2_low,
        tau2_high=tau2_high,
        q=q,
        q_p=float(chi2.sf(q, k - 1)),
        i2=i_squared(q, k),
        centers=k,
    )


def pool_logit(
    estimates: Float[np.ndarray, " centers"],
    standard_errors: Float[np.ndarray, " centers"],
    *,
    heterogeneity: Literal["DL", "REML"] = "REML",
    interval: Literal["hartung-knapp", "wald"] = "hartung-knapp",
    level: float = 0.95,
) -> Pooled:
    """`pool` on the logit scale and back, for estimates between 0 and 1 such as an AUC.

    logit θ = ln(θ / (1 - θ)), its error se / (θ (1 - θ)). The value, its interval and the
    prediction interval come back between 0 and 1; se and tau² stay on the logit scale.

    Args:
        estimates: one per centre, above 0 and below 1.
        standard_errors: of those.
        heterogeneity: as in `pool`.
        interval: as in `pool`.
        level: as in `pool`.

    Raises:
        UndefinedMetric: for an estimate of 0 or 1, whose logit is infinite.
        ValueError: as in `pool`.

    Source: Snell et al. 2018 (the C statistic is nearer to normal on this scale).

    Example:
        >>> pooled = pool_logit(np.array([0.7, 0.8, 0.9]), np.array([0.03, 0.03, 0.03]))
        >>> round(pooled.value, 3), pooled.scale
        (0.807, 'logit')
    """
    y, se = finite("estimates", estimates), finite("standard_errors", standard_errors)
    if ((y <= 0) | (y >= 1)).any():
        row = int(np.argmax((y <= 0) | (y >= 1)))
        raise UndefinedMetric(
            f"estimate {y[row]} of centre {row} has no logit, expected above 0 and below 1; leave "
            f"the centre out and say so"
        )
    if len(y) == len(se):
        se = se / (y * (1 - y))
    found = pool(logit(y), se, heterogeneity=heterogeneity, interval=interval, level=level)
    low, high = found.predicted_low, found.predicted_high
    return replace(
        found,
        value=float(expit(found.value)),
        low=float(expit(found.low)),
        high=float(expit(found.high)),
        predicted_low=None if low is None else float(expit(low)),
        predicted_high=None if high is None else float(expit(high)),
        scale="logit",
    )


def _check(
    estimates: Float[np.ndarray, " a"], standard_errors: Float[np.ndarray, " b"], level: float
) -> None:
    if len(estimates) != len(standard_errors):
        raise ValueError(
            f"{len(estimates)} estimates and {len(standard_errors)} standard errors: expected one "
            f"of each per centre"
        )
    if not 0 < level < 1:
        raise ValueError(f"level {level}: expected between 0 and 1")
    if len(estimates) < 2:
        raise UndefinedMetric("pooling needs two centres or more, found 1; report it by itself")
    if (standard_errors <= 0).any():
        row = int(np.argmax(standard_errors <= 0))
        raise ValueError(
            f"standard error {standard_errors[row]} of centre {row}: expected above 0; an estimate "
            f"at its limit (an AUC of 1) has none, leave the centre out and say so"
        )
