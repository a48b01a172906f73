"""Likelihood of counts whose log odds vary normally between studies."""

import numpy as np
from jaxtyping import Float, Int
from scipy.special import expit, gammaln, log_expit

NODES = 21
"""Of the quadrature; 21 and 61 agree to 1e-8 in the likelihood of the tests."""


def log_likelihood(
    events: Int[np.ndarray, " studies"],
    patients: Int[np.ndarray, " studies"],
    *,
    mu: float,
    tau: float,
    nodes: int = NODES,
) -> float:
    """Of the random-intercept logistic model, by adaptive Gauss-Hermite quadrature.

    Example:
        >>> round(log_likelihood(np.array([1]), np.array([2]), mu=0.0, tau=0.0), 6)
        -0.693147
    """
    x, n = events.astype(np.float64), patients.astype(np.float64)
    constant = float((gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1)).sum())
    if tau == 0:
        return constant + float((x * log_expit(mu) + (n - x) * log_expit(-mu)).sum())
    mode, scale = _modes(x, n, mu, tau)
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    z = mode[:, None] + scale[:, None] * points
    eta = mu + tau * z
    joint = x[:, None] * log_expit(eta) + (n - x)[:, None] * log_expit(-eta) - z**2 / 2
    # the weights are of exp(-p²/2): take it out again, and the normal density's own constant
    terms = np.log(weights / np.sqrt(2 * np.pi)) + points**2 / 2 + joint
    highest = terms.max(axis=1)
    inside = np.log(np.exp(terms - highest[:, None]).sum(axis=1)) + highest
    return constant + float((inside + np.log(scale)).sum())


def _modes(
    x: Float[np.ndarray, " k"], n: Float[np.ndarray, " k"], mu: float, tau: float
) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """Where each study's integrand is highest, and one over the root of its curvature there.

    Newton's steps are halved to 1 at most: the integrand is log-concave, so that they arrive.
    """
    z = np.zeros(len(x))
    for _ in range(200):
        p = expit(mu + tau * z)
        step = (tau * (x - n * p) - z) / (tau**2 * n * p * (1 - p) + 1)
        z = z + np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-10:
            break
    p = expit(mu + tau * z)
    return z, (tau**2 * n * p * (1 - p) + 1) ** -0.5
