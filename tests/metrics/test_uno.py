"""Uno's C equals scikit-survival's, its definition, and Harrell's where nobody is censored."""

import numpy as np
import pytest
from sksurv.metrics import concordance_index_ipcw
from sksurv.util import Surv

from fusion.errors import UndefinedMetric
from fusion.metrics.censoring import Censoring
from fusion.metrics.concordance import harrell_c
from fusion.metrics.uno import uno_c


def table(seed, n=200, ties=True):
    generator = np.random.default_rng(seed)
    time = generator.integers(1, 60, n).astype(float) if ties else generator.random(n) * 60
    risk = generator.normal(size=n) - time / 30
    return risk.round(1) if ties else risk, time, generator.random(n) < 0.5


def brute_force(risk, time, event, until, curve):
    above = below = 0.0
    for i in range(len(risk)):
        for j in range(len(risk)):
            later = time[j] > time[i] or (time[j] == time[i] and not event[j])
            if event[i] and time[i] < until and later:
                weight = curve(time[[i]])[0] ** -2
                above += weight * ((risk[i] > risk[j]) + (risk[i] == risk[j]) / 2)
                below += weight
    return above / below


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("until", [25.0, 50.0])
def test_equals_scikit_survival_and_the_definition(seed, until):
    _, train_time, train_event = table(seed + 50)
    train_time[0], train_event[0] = 61.0, True  # the oracle wants test times within
    risk, time, event = table(seed)
    curve = Censoring.fit(train_time, train_event)
    found = uno_c(risk, time, event, until_days=until, censoring=curve)
    train, test = (Surv.from_arrays(e, t) for e, t in ((train_event, train_time), (event, time)))
    assert found == pytest.approx(
        concordance_index_ipcw(train, test, risk, tau=until)[0], rel=1e-12
    )
    few = slice(0, 60)
    found = uno_c(risk[few], time[few], event[few], until_days=until, censoring=curve)
    expected = brute_force(risk[few], time[few], event[few], until, curve)
    assert found == pytest.approx(expected, rel=1e-12)


def test_without_censoring_it_is_harrells():
    risk, time, _ = table(1)
    event = np.ones(len(time), dtype=bool)
    curve = Censoring.fit(time, event)
    found = uno_c(risk, time, event, until_days=61.0, censoring=curve)
    assert found == pytest.approx(harrell_c(risk, time, event), abs=1e-14)


def test_it_does_not_depend_on_who_was_censored():
    """The reason to have it: heavier censoring moves Harrell's C and not Uno's."""
    generator = np.random.default_rng(0)
    n = 6000
    group = generator.random(n) < 0.5
    risk = generator.normal(size=n)
    # the risk tells early events in one group, and says nothing of the later ones of the other
    died = np.where(group, generator.exponential(np.exp(-1.5 * risk)), 2 + generator.random(n))
    found = {}
    for name, rate in (("light", 0.05), ("heavy", 0.6)):
        last = generator.exponential(1 / rate, n) + 0.2
        time, event = np.minimum(died, last), died <= last
        curve = Censoring.fit(time, event)
        harrell = harrell_c(risk, time, event)
        found[name] = uno_c(risk, time, event, until_days=2.8, censoring=curve), harrell
    assert abs(found["light"][0] - found["heavy"][0]) < 0.02  # twice the standard error
    assert abs(found["light"][1] - found["heavy"][1]) > 0.04


def test_noise_has_no_skill_and_reversing_reverses():
    risk, time, event = table(3, n=3000, ties=False)
    curve = Censoring.fit(time, event)
    noise = np.random.default_rng(9).normal(size=3000)
    assert uno_c(noise, time, event, until_days=40.0, censoring=curve) == pytest.approx(
        0.5, abs=0.03
    )
    both = [uno_c(x, time, event, until_days=40.0, censoring=curve) for x in (risk, -risk)]
    assert sum(both) == pytest.approx(1.0)


def test_undefined():
    time, event = np.array([1.0, 4.0, 9.0]), np.array([True, False, False])
    curve = Censoring.fit(np.array([0.5, 9.0]), np.array([False, False]))
    with pytest.raises(UndefinedMetric, match="no comparable pair among 3 patients with 0 events"):
        uno_c(np.zeros(3), time, event, until_days=1.0, censoring=curve)
    short = Censoring.fit(np.array([0.5, 1.0]), np.array([False, False]))
    with pytest.raises(UndefinedMetric, match="nobody in the training follow-up is uncensored"):
        uno_c(np.zeros(3), time, event, until_days=5.0, censoring=short)
