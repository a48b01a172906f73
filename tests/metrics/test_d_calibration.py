"""D-calibration: uniform for true curves, small p for wrong ones, and Haider's spread."""

import numpy as np
import pytest
from scipy.stats import chisquare, kstest

from fusion.errors import UndefinedMetric
from fusion.metrics.d_calibration import at_own_time, d_calibration, d_shares


def exponential(seed, n=400, censored=True, factor=1.0):
    """True survival at the own time; `factor` spoils the predicted hazard."""
    generator = np.random.default_rng(seed)
    rate = np.exp(generator.normal(size=n))
    died = generator.exponential(1 / rate)
    last = generator.uniform(0.2, 4, n) if censored else np.full(n, np.inf)
    return np.exp(-factor * rate * np.minimum(died, last)), died <= last


def test_without_censoring_it_is_pearsons_test():
    survival, event = exponential(0, censored=False)
    counts = np.histogram(survival, bins=10, range=(0, 1))[0]
    assert d_calibration(survival, event) == pytest.approx(chisquare(counts).pvalue, rel=1e-9)


def test_p_of_true_curves_is_uniform_without_censoring_and_careful_with():
    complete = [d_calibration(*exponential(seed, censored=False)) for seed in range(200)]
    assert kstest(complete, "uniform").pvalue > 0.01
    censored = np.array([d_calibration(*exponential(seed)) for seed in range(200)])
    # whoever is spread over the bins varies less than who is counted, so p is too large
    assert (censored < 0.05).mean() <= 0.05


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_wrong_curves_are_found(factor):
    assert d_calibration(*exponential(1, factor=factor)) < 1e-4


def test_shares_by_the_definition():
    survival, event = exponential(2, n=50)
    counts = np.zeros(10)
    for s, e in zip(survival, event, strict=True):
        own = min(int(s * 10), 9)
        if e:
            counts[own] += 1
        else:
            counts[own] += (s - own / 10) / s
            counts[:own] += 0.1 / s
    assert d_shares(survival, event) == pytest.approx(counts / 50)
    assert d_shares(survival, event).sum() == pytest.approx(1.0)


def test_ends_of_the_curve():
    survival, event = np.array([0.0, 1.0, 0.0, 1.0]), np.array([True, True, False, False])
    assert d_shares(survival, event, bins=2) == pytest.approx([0.25 * 2.5, 0.25 * 1.5])


def test_own_time_is_read_between_the_days():
    curve, days = np.array([[0.9, 0.6]] * 4), np.array([10.0, 30.0])
    found, event = at_own_time(
        curve, np.array([0.0, 5.0, 20.0, 30.0]), np.array([True, False, True, True]), days
    )
    assert found == pytest.approx([1.0, 0.95, 0.75, 0.6])
    assert event.tolist() == [True, False, True, True]


def test_a_fine_grid_gives_what_the_exact_curve_gives():
    generator = np.random.default_rng(6)
    rate = np.exp(generator.normal(size=300))
    died, days = generator.exponential(1 / rate), np.linspace(0.1, 4, 40)
    curve = np.exp(-rate[:, None] * days)
    found, event = at_own_time(curve, died, np.ones(300, dtype=bool), days)
    # the line lies above the curve by at most (rate x step)^2 / 8, times survival
    assert np.abs(found - np.exp(-rate * np.minimum(died, 4)))[rate < 3].max() < 0.012
    assert (event == (died <= 4)).all()


def test_refused():
    with pytest.raises(UndefinedMetric, match="no patient"):
        d_calibration(np.zeros(0), np.zeros(0, dtype=bool))
    with pytest.raises(ValueError, match="expected 0 to 1"):
        d_calibration(np.array([1.2]), np.array([True]))
