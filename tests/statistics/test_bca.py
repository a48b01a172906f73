"""BCa is scipy's where scipy can, moves the right way, and covers better than percentiles."""

import numpy as np
import pytest
import scipy.stats

from fusion.errors import UndefinedMetric
from fusion.metrics.auc import auc
from fusion.statistics.bca import bca
from fusion.statistics.bootstrap import bootstrap


def mean(x):
    return float(x.mean())


def test_equals_scipy():
    x = np.random.default_rng(0).exponential(size=40)
    ours = bca(mean, [x], draws=20_000, seed=0)
    theirs = scipy.stats.bootstrap(
        (x,), np.mean, n_resamples=20_000, method="BCa", rng=np.random.default_rng(1)
    ).confidence_interval
    # other draws: quantiles of 20,000 vary by about 0.003 here
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.012)
    percentile = bootstrap(mean, [x], draws=20_000, seed=0)
    assert ours.low > percentile.low + 0.015
    assert ours.high > percentile.high + 0.015


def test_fast_values_are_those_of_the_loop():
    generator = np.random.default_rng(1)
    target = generator.random(60) < 0.4
    score = (generator.normal(size=60) + 2 * target).round(1)
    fast = bca(auc, (score, target), draws=300, seed=0)
    assert fast == bca(lambda *a: auc(*a), (score, target), draws=300, seed=0)


def test_a_symmetric_statistic_has_the_percentile_interval():
    x = np.concatenate([np.arange(-20.0, 0), np.arange(1.0, 21)])
    ours, plain = bca(mean, [x], draws=4000, seed=0), bootstrap(mean, [x], draws=4000, seed=0)
    assert (ours.low, ours.high) == pytest.approx((plain.low, plain.high), abs=0.4)


def test_covers_a_skewed_mean_better_than_percentiles():
    generator = np.random.default_rng(2)
    above = np.zeros(2)
    for seed in range(150):
        x = np.exp(generator.normal(size=30))
        truth = np.exp(0.5)
        for i, method in enumerate((bca, bootstrap)):
            above[i] += method(_fast_mean, [x], draws=200, seed=seed).high < truth
    assert above[0] < above[1]  # a skewed mean is missed above; the same draws, so paired


def _fast_mean(x):
    return float(np.add.reduce(x) / len(x))


def test_patients_with_several_rows_are_left_out_whole():
    x = np.random.default_rng(3).exponential(size=30)
    once = bca(mean, [x], draws=500, seed=0)
    rows = np.repeat(np.arange(30), 3)
    whole = bca(mean, [x[rows]], draws=500, seed=0, groups=rows)
    assert (whole.low, whole.high) == pytest.approx((once.low, once.high))


def test_what_has_no_value_is_refused():
    with pytest.raises(UndefinedMetric, match="lie on one side of 1; take the percentile"):
        bca(lambda x: 1.0 if len(np.unique(x)) == 9 else 0.0, [np.arange(9.0)], draws=50, seed=0)
    one = (np.arange(9.0), np.arange(9) == 4)
    with pytest.raises(UndefinedMetric, match="without 1 of 9 patients, one at a time"):
        bca(auc, one, draws=200, seed=0)
    with pytest.raises(UndefinedMetric, match="the same whichever patient is left out"):
        bca(lambda x: 0.0, [np.arange(9.0)], draws=50, seed=0)
