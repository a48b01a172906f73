"""Rare proportions: the published analysis, brute-force integration, and recovery."""

from inspect import unwrap

import numpy as np
import pytest
from scipy.special import expit, logsumexp
from scipy.stats import binom, norm

from fusion.errors import UndefinedMetric
from fusion.statistics.binomial_normal import log_likelihood
from fusion.statistics.pool_proportion import pool_proportions

# catheter infections in 18 trials (Niel-Weise et al. 2007), standard and coated catheters
STANDARD = np.array([3, 3, 9, 7, 6, 4, 3, 2, 19, 2, 7, 1, 5, 11, 0, 1, 3, 1])
STANDARD_OF = np.array(
    [117, 35, 195, 136, 157, 139, 177, 39, 103, 122, 64, 58, 175, 180, 105, 262, 362, 69]
)
COATED = np.array([0, 1, 2, 0, 5, 1, 1, 1, 1, 1, 0, 0, 3, 6, 0, 0, 1, 4])
COATED_OF = np.array(
    [116, 44, 208, 130, 151, 98, 174, 74, 97, 113, 66, 70, 188, 187, 118, 252, 345, 64]
)


@pytest.mark.parametrize(
    ("events", "patients", "logit", "se", "tau2", "shown"),
    [
        (STANDARD, STANDARD_OF, -3.4964, 0.2570, 0.8124, (0.0294, 0.0180, 0.0478)),
        (COATED, COATED_OF, -4.8121, 0.3555, 0.8265, (0.0081, 0.0040, 0.0161)),
    ],
)
def test_published_analysis(events, patients, logit, se, tau2, shown):
    # Stijnen et al. 2010, table II, digits of metafor's test_analysis_example_stijnen2010.r;
    # the tolerance is for its 7 quadrature nodes
    found = pool_proportions(events, patients)
    assert (found.logit, found.se) == pytest.approx((logit, se), abs=5e-4)
    assert found.tau2 == pytest.approx(tau2, abs=2e-3)
    assert (found.value, found.low, found.high) == pytest.approx(shown, abs=1e-4)


@pytest.mark.parametrize("tau", [0.0, 0.3, 1.5, 4.0])
@pytest.mark.parametrize("mu", [-9.0, -4.0, 0.5])
def test_likelihood_equals_brute_force_integration(mu, tau):
    events, patients = np.array([0, 3, 20, 0]), np.array([5000, 40, 20, 1])

    z = np.linspace(-30, 30, 30_001)  # a smooth integrand: the sum is exact to rounding
    brute = 0.0
    for x, n in zip(events, patients, strict=True):
        terms = binom.logpmf(x, n, expit(mu + tau * z)) + norm.logpdf(z)
        brute += logsumexp(terms) + np.log(z[1] - z[0])
    found = log_likelihood(events, patients, mu=mu, tau=tau)
    assert found == pytest.approx(brute, abs=1e-5 if tau < 2 else 2e-3)


def test_more_nodes_change_nothing():
    at = {"mu": -3.5, "tau": 0.9}
    few = log_likelihood(STANDARD, STANDARD_OF, **at)
    many = log_likelihood(STANDARD, STANDARD_OF, nodes=61, **at)
    assert few == pytest.approx(many, abs=1e-8)


def test_maximum_is_a_maximum():
    found = pool_proportions(COATED, COATED_OF)
    tau = found.tau2**0.5
    for mu_step, tau_step in ((0.02, 0), (-0.02, 0), (0, 0.02), (0, -0.02)):
        nearby = log_likelihood(COATED, COATED_OF, mu=found.logit + mu_step, tau=tau + tau_step)
        assert nearby < found.log_likelihood


def test_studies_that_are_alike_are_simply_added():
    events, patients = np.array([5, 10, 20]), np.array([100, 200, 400])
    found = pool_proportions(events, patients)
    assert (found.tau2, found.tau2_p) == (0.0, 1.0)
    assert found.value == pytest.approx(0.05)
    assert found.se == pytest.approx((700 * 0.05 * 0.95) ** -0.5, rel=1e-4)


def test_swapping_event_and_no_event_mirrors():
    a, b = (
        pool_proportions(STANDARD, STANDARD_OF),
        pool_proportions(STANDARD_OF - STANDARD, STANDARD_OF),
    )
    assert a.value == pytest.approx(1 - b.value, abs=1e-6)
    assert a.tau2 == pytest.approx(b.tau2, abs=1e-4)
    assert (a.low, a.predicted_low) == pytest.approx((1 - b.high, 1 - b.predicted_high), abs=1e-5)


def test_planted_rates_of_a_rare_harm_are_recovered():
    # as the seed digest has it: 74 studies, over a million adults, 6 per 100 000
    generator = np.random.default_rng(0)
    patients = generator.integers(2_000, 40_000, 74)
    rates = expit(np.log(6e-5) + 0.5 * generator.normal(size=74))
    events = generator.binomial(patients, rates)
    assert (events == 0).sum() > 10  # no half events, none left out
    found = pool_proportions(events, patients)
    assert found.low < 6e-5 < found.high
    assert found.value == pytest.approx(6e-5, rel=0.35)
    assert found.tau2 == pytest.approx(0.25, abs=0.25)
    assert (found.studies, found.patients) == (74, patients.sum())


@pytest.mark.slow
def test_intervals_cover_the_planted_middle():
    generator = np.random.default_rng(1)
    inside, runs = 0, 40
    for _ in range(runs):
        patients = generator.integers(50, 400, 25)
        rates = expit(-4.0 + 0.7 * generator.normal(size=25))
        found = pool_proportions(generator.binomial(patients, rates), patients)
        inside += found.low <= expit(-4.0) <= found.high
    assert inside / runs >= 0.846  # 0.95 less three binomial standard errors of 0.0345


def test_refusals_say_what_to_report():
    some = np.array([100, 50])
    with pytest.raises(UndefinedMetric, match=r"no event in 150 patients .* upper bound 0.0198"):
        pool_proportions(np.array([0, 0]), some)
    with pytest.raises(UndefinedMetric, match=r"all 150 patients .* lower bound 0.980"):
        pool_proportions(some, some)
    with pytest.raises(ValueError, match="study 1: 60 events in 50 patients"):
        pool_proportions(np.array([0, 60]), some)
    with pytest.raises(ValueError, match="study 0: 0 events in 0 patients"):
        pool_proportions(np.array([0, 1]), np.array([0, 10]))
    with pytest.raises(ValueError, match="2 counts of events and 1 of patients"):
        unwrap(pool_proportions)(np.array([0, 1]), np.array([5]))
    with pytest.raises(ValueError, match=r"level 2.0: expected between"):
        pool_proportions(np.array([1, 1]), some, level=2.0)
    with pytest.raises(UndefinedMetric, match="two studies or more, found 1"):
        pool_proportions(np.array([1]), np.array([5]))
