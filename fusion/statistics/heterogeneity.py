"""How much centres differ beyond chance: Cochran's Q, I² and the variance tau²."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import chi2

Estimates = Float[np.ndarray, " centers"]


def weighted_mean(estimates: Estimates, weights: Estimates) -> float:
    """Mean of the estimates by the weights."""
    return float(np.sum(weights * estimates) / np.sum(weights))


def cochran_q(estimates: Estimates, standard_errors: Estimates, *, tau2: float = 0.0) -> float:
    """Weighted squared distance of the centres from their mean.

    Q = Σ w (y - m)², w = 1 / (se² + tau²), m the mean by w. With tau2 = 0 it is Cochran's, and
    chi-squared on k - 1 degrees of freedom where the centres are alike.

    Source: Cochran 1954; DerSimonian and Kacker 2007 (with tau²).

    Example:
        >>> cochran_q(np.array([0.0, 2.0]), np.array([1.0, 1.0]))
        2.0
    """
    weights = 1.0 / (standard_errors**2 + tau2)
    return float(np.sum(weights * (estimates - weighted_mean(estimates, weights)) ** 2))


def i_squared(q: float, centers: int) -> float:
    """Share of the variation between centres that is not chance, 0 to 1.

    I² = max(0, (Q - (k - 1)) / Q). It grows with the size of the centres: tau² and the prediction
    interval say how far centres lie apart, I² does not.

    Source: Higgins and Thompson 2002.

    Example:
        >>> i_squared(20.0, 11)
        0.5
    """
    return max(0.0, (q - (centers - 1)) / q) if q > 0 else 0.0


def dersimonian_laird(estimates: Estimates, standard_errors: Estimates) -> float:
    """Variance between centres by the method of moments, in closed form.

    tau² = max(0, (Q - (k - 1)) / (Σw - Σw² / Σw)), w = 1 / se².

    Source: DerSimonian and Laird 1986.

    Example:
        >>> dersimonian_laird(np.array([0.0, 2.0]), np.array([1.0, 1.0]))
        1.0
    """
    weights = 1.0 / standard_errors**2
    spread = weights.sum() - (weights**2).sum() / weights.sum()
    excess = cochran_q(estimates, standard_errors) - (len(estimates) - 1)
    return float(max(0.0, excess / spread))


def restricted_maximum_likelihood(estimates: Estimates, standard_errors: Estimates) -> float:
    """Variance between centres that is likeliest once the mean is averaged out.

    Maximises -½ [Σ ln v + ln Σ 1/v + Σ (y - m)² / v], v = se² + tau², over tau² >= 0; a grid over
    the whole range comes first, since the likelihood may have two hills.

    Source: Raudenbush 2009; Viechtbauer 2005.

    Example:
        >>> round(restricted_maximum_likelihood(np.array([0.0, 2.0]), np.array([1.0, 1.0])), 6)
        1.0
    """

    def loss(tau2: float) -> float:
        variances = standard_errors**2 + tau2
        q = cochran_q(estimates, standard_errors, tau2=tau2)
        return float(np.log(variances).sum() + np.log((1 / variances).sum()) + q)

    # tau² is at most the sum of squares; small ones are resolved on the scale of the errors
    most = float(np.sum((estimates - estimates.mean()) ** 2)) + np.finfo(float).tiny
    least = min(float((standard_errors**2).min()) * 1e-6, most * 1e-6)
    grid = np.concatenate([[0.0], np.geomspace(least, most, 200)])
    best = int(np.argmin([loss(t) for t in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-12})
    return 0.0 if loss(0.0) <= found.fun else float(found.x)


def q_profile(
    estimates: Estimates, standard_errors: Estimates, *, level: float
) -> tuple[float, float]:
    """Interval of tau²: the values at which Q is not surprising.

    Source: Viechtbauer 2007.

    Example:
        >>> low, high = q_profile(np.array([0.0, 2.0]), np.array([1.0, 1.0]), level=0.95)
        >>> low, 2000 < high < 2050
        (0.0, True)
    """
    degrees = len(estimates) - 1
    upper, lower = chi2.ppf([(1 + level) / 2, (1 - level) / 2], degrees)

    def solve(quantile: float) -> float:
        def gap(tau2: float) -> float:
            return cochran_q(estimates, standard_errors, tau2=tau2) - quantile

        if gap(0.0) <= 0:
            return 0.0
        # Q(tau²) <= Σ (y - mean)² / tau², so the root lies below this
        most = float(np.sum((estimates - estimates.mean()) ** 2)) / quantile
        return float(brentq(gap, 0.0, most * (1 + 1e-9), xtol=1e-14))

    return solve(float(upper)), solve(float(lower))


TAU2: dict[str, Callable[[Estimates, Estimates], float]] = {
    "DL": dersimonian_laird,
    "REML": restricted_maximum_likelihood,
}
"""Name -> estimator of the variance between centres."""
