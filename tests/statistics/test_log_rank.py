"""The log-rank test is that of the definition, and needs an event."""

import numpy as np
import pytest
from scipy.stats import chi2, kstest

from fusion.errors import UndefinedMetric
from fusion.statistics.log_rank import log_rank_p


def by_definition(time, event, group):
    observed = expected = variance = 0.0
    for day in np.unique(time[event]):
        at_risk, died = time >= day, (time == day) & event
        n, d, n1 = at_risk.sum(), died.sum(), (at_risk & group).sum()
        observed += (died & group).sum()
        expected += d * n1 / n
        if n > 1:
            variance += d * (n1 / n) * (1 - n1 / n) * (n - d) / (n - 1)
    return chi2.sf((observed - expected) ** 2 / variance, 1)


def test_equal_to_the_definition_with_ties_and_censoring():
    random = np.random.default_rng(0)
    time, event = random.integers(1, 20, 60).astype(float), random.random(60) < 0.7
    group = np.arange(60) < 25
    found = log_rank_p(time[group], event[group], time[~group], event[~group])
    assert found == pytest.approx(by_definition(time, event, group))


def test_p_is_uniform_where_nothing_differs():
    p = []
    for seed in range(100):
        random = np.random.default_rng(seed)
        time, event = random.exponential(size=80), random.random(80) < 0.8
        p.append(log_rank_p(time[:40], event[:40], time[40:], event[40:]))
    assert kstest(p, "uniform").pvalue > 0.001


def test_without_an_event_there_is_no_answer():
    none = np.zeros(3, dtype=bool)
    with pytest.raises(UndefinedMetric, match="no event among 6 patients"):
        log_rank_p(np.ones(3), none, np.ones(3), none)
