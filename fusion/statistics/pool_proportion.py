"""One proportion from several studies in which the event is rare."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import minimize
from scipy.special import expit, logit
from scipy.stats import beta, chi2, norm, t

from fusion.errors import UndefinedMetric
from fusion.statistics.binomial_normal import log_likelihood


@dataclass(frozen=True)
class PooledProportion:
    """The proportion at the median study, how far studies lie apart, and where a new one may."""

    value: float
    """Of a study in the middle, expit(mu); the mean over studies is larger where tau² is."""
    low: float
    high: float
    predicted_low: float | None
    """Of the true proportion of a new study; None with two studies."""
    predicted_high: float | None
    logit: float
    se: float
    """Of the logit."""
    tau2: float
    """Variance between studies, on the logit scale."""
    tau2_p: float
    """Of no variance between studies: likelihood ratio, half its weight at 0."""
    log_likelihood: float
    studies: int
    events: int
    patients: int


def pool_proportions(
    events: Int[np.ndarray, " studies"],
    patients: Int[np.ndarray, " studies"],
    *,
    level: float = 0.95,
) -> PooledProportion:
    """Random-intercept logistic model by maximum likelihood; studies without an event take part.

    events_i ~ Binomial(patients_i, expit(mu + tau z_i)), z_i standard normal. The integral over
    z_i is taken by Gauss-Hermite quadrature around the mode of each study, with the curvature
    there as its scale. No half events are added and no study is weighted by a variance guessed
    from few events, which is what biases the usual pooling of logits.

    Intervals are Wald's on the logit scale; the prediction interval uses t on k - 2.

    Args:
        events: per study.
        patients: per study, above 0.
        level: of the intervals.

    Raises:
        UndefinedMetric: with fewer than two studies; where no patient or every patient has the
            event: the exact one-sided bound is in the message.
        ValueError: for counts that cannot be.

    Source: Stijnen, Hamza and Ozdemir 2010; Pinheiro and Bates 1995 (quadrature); Self and Liang
    1987 (test at the edge).

    Example:
        >>> found = pool_proportions(np.array([0, 1, 7, 12]), np.array([120, 80, 150, 130]))
        >>> round(found.value, 4), round(found.tau2, 3), found.studies
        (0.0233, 1.431, 4)
    """
    _check(events, patients, level)
    k, total, out_of = len(events), int(events.sum()), int(patients.sum())
    center = float(logit(total / out_of))
    alike = log_likelihood(events, patients, mu=center, tau=0.0)
    best, mu, tau = max(_fit(events, patients, center, start) for start in (0.2, 1.0))
    if best <= alike + 1e-9:
        best, mu, tau = alike, center, 0.0
    se = _standard_error(events, patients, mu, tau)
    z = float(norm.ppf((1 + level) / 2))
    half = float(t.ppf((1 + level) / 2, k - 2) * np.hypot(tau, se)) if k > 2 else None
    return PooledProportion(
        value=float(expit(mu)),
        low=float(expit(mu - z * se)),
        high=float(expit(mu + z * se)),
        predicted_low=None if half is None else float(expit(mu - half)),
        predicted_high=None if half is None else float(expit(mu + half)),
        logit=mu,
        se=se,
        tau2=tau**2,
        tau2_p=1.0 if tau == 0 else float(chi2.sf(2 * (best - alike), 1) / 2),
        log_likelihood=best,
        studies=k,
        events=total,
        patients=out_of,
    )


def _fit(
    events: Int[np.ndarray, " k"], patients: Int[np.ndarray, " k"], mu: float, tau: float
) -> tuple[float, float, float]:
    """Log-likelihood, mu and tau at the top, from one start."""

    def loss(parameters: Float[np.ndarray, " 2"]) -> float:
        mu, tau = float(parameters[0]), abs(float(parameters[1]))
        return -log_likelihood(events, patients, mu=mu, tau=tau)

    options = {"xatol": 1e-7, "fatol": 1e-10, "maxiter": 2000}
    found = minimize(loss, np.array([mu, tau]), method="Nelder-Mead", options=options)
    if not found.success:
        raise UndefinedMetric(f"the pooled proportion did not converge: {found.message}")
    return -float(found.fun), float(found.x[0]), abs(float(found.x[1]))


def _standard_error(
    events: Int[np.ndarray, " k"], patients: Int[np.ndarray, " k"], mu: float, tau: float
) -> float:
    """Of mu, from the curvature of the likelihood in mu and tau (in mu alone where tau is 0)."""
    step = 1e-3

    def at(a: int, b: int) -> float:
        return log_likelihood(events, patients, mu=mu + a * step, tau=abs(tau + b * step))

    here = at(0, 0)
    mu_mu = (at(1, 0) - 2 * here + at(-1, 0)) / step**2
    if tau == 0:
        return float(-mu_mu) ** -0.5
    tau_tau = (at(0, 1) - 2 * here + at(0, -1)) / step**2
    mu_tau = (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * step**2)
    return float(np.sqrt(-tau_tau / (mu_mu * tau_tau - mu_tau**2)))


def _check(events: Int[np.ndarray, " a"], patients: Int[np.ndarray, " b"], level: float) -> None:
    if len(events) != len(patients):
        raise ValueError(f"{len(events)} counts of events and {len(patients)} of patients")
    if not 0 < level < 1:
        raise ValueError(f"level {level}: expected between 0 and 1")
    bad = (patients < 1) | (events < 0) | (events > patients)
    if bad.any():
        row = int(np.argmax(bad))
        raise ValueError(
            f"study {row}: {events[row]} events in {patients[row]} patients; expected 0 to as many "
            f"as there are patients, of whom at least one"
        )
    if len(events) < 2:
        raise UndefinedMetric(f"pooling needs two studies or more, found {len(events)}")
    total, out_of = int(events.sum()), int(patients.sum())
    if total == 0:
        bound = float(beta.ppf(level, 1, out_of))
        raise UndefinedMetric(
            f"no event in {out_of} patients of {len(events)} studies: the likeliest proportion is "
            f"0 and has no logit; report the exact upper bound {bound:.3g} (one-sided, were all "
            f"studies alike)"
        )
    if total == out_of:
        bound = float(beta.ppf(1 - level, out_of, 1))
        raise UndefinedMetric(
            f"all {out_of} patients of {len(events)} studies have the event: report the exact "
            f"lower bound {bound:.6g} (one-sided, were all studies alike)"
        )
