"""Resampling: the fast way equals the loop, patients stay whole, nothing is dropped in silence."""

from functools import partial

import numpy as np
import pytest

from fusion.errors import UndefinedMetric
from fusion.metrics.accuracy import balanced_accuracy, quadratic_kappa
from fusion.metrics.auc import auc, macro_auc
from fusion.metrics.average_precision import average_precision
from fusion.metrics.brier import brier, brier_survival
from fusion.metrics.censoring import Censoring
from fusion.metrics.concordance import harrell_c
from fusion.metrics.dynamic_auc import dynamic_auc
from fusion.metrics.integrated_brier import integrated_brier
from fusion.metrics.uno import uno_c
from fusion.statistics import draws as module
from fusion.statistics.bootstrap import bootstrap, paired_bootstrap
from fusion.statistics.multiclass import hand_till
from fusion.statistics.resampled import fast


def classes(seed, n=80):
    generator = np.random.default_rng(seed)
    return generator.random(n).round(1), generator.random(n) < 0.4


def survival(seed, n=80):
    generator = np.random.default_rng(seed)
    return (
        generator.normal(size=n).round(1),
        generator.integers(1, 30, n).astype(float),
        generator.random(n) < 0.5,
    )


def several(seed, n=80):
    generator = np.random.default_rng(seed)
    target = generator.choice(4, n, p=[0.45, 0.45, 0.08, 0.02])
    return generator.dirichlet(np.ones(4), n).round(2), target


def survival_at(seed, n=80):
    risk, time, event = survival(seed, n)
    return 1 / (1 + np.exp(risk)), time, event


def both(seed, n=80):
    p, target = classes(seed, n)
    return np.stack([1 - p, p], axis=1), target.astype(int)


BRIER_AT = partial(brier_survival, horizon_days=14.0, censoring=Censoring.fit(*survival(9)[1:]))
CURVE = Censoring.fit(*survival(9)[1:])
AT = {"horizon_days": 14.0, "censoring": CURVE}
IBS = partial(integrated_brier, days=np.array([6.0, 14.0]), censoring=CURVE)
UNO, AUC_AT = partial(uno_c, until_days=15.0, censoring=CURVE), partial(dynamic_auc, **AT)


def curves(seed, n=80):
    at, time, event = survival_at(seed, n)
    return np.stack([np.sqrt(at), at], axis=1), time, event


def competing(seed, n=80):
    risk, time, event = survival(seed, n)
    return risk, time, event, ~event & (np.arange(n) % 3 == 0)


CASES = [
    (auc, classes),
    (harrell_c, survival),
    (macro_auc, several),
    (average_precision, classes),
    (hand_till, several),
    (hand_till, both),
    (balanced_accuracy, both),
    (balanced_accuracy, several),
    (quadratic_kappa, several),
    (brier, both),
    (brier, several),
    (BRIER_AT, survival_at),
    (IBS, curves),
    (UNO, survival),
    (AUC_AT, competing),
]
SOMETIMES = [
    UNO,
    AUC_AT,
    auc,
    average_precision,
    harrell_c,
    macro_auc,
    hand_till,
    balanced_accuracy,
]
"""Undefined in some resamples of five patients."""
SUMS = [macro_auc, hand_till, average_precision, brier, BRIER_AT, IBS, UNO, AUC_AT]
"""Of fractions, added in another order; at most some hundred roundings of 1e-16."""


@pytest.mark.parametrize(("metric", "make"), CASES)
@pytest.mark.parametrize("grouped", [False, True])
def test_fast_values_are_those_of_the_loop(metric, make, grouped):
    arrays = make(0)
    groups = np.arange(80) // 3 if grouped else None
    fast = bootstrap(metric, arrays, draws=200, seed=1, groups=groups)
    loop = bootstrap(lambda *a: metric(*a), arrays, draws=200, seed=1, groups=groups)
    if metric in SUMS:
        assert (fast.low, fast.high) == pytest.approx((loop.low, loop.high), rel=1e-13)
        assert fast.undefined == loop.undefined
    else:
        assert fast == loop


@pytest.mark.parametrize(("metric", "make"), [c for c in CASES if c[0] in SOMETIMES])
def test_undefined_draws_are_counted_alike(metric, make):
    arrays = make(3, n=5)
    fast = bootstrap(metric, arrays, draws=300, seed=2)
    loop = bootstrap(lambda *a: metric(*a), arrays, draws=300, seed=2)
    assert fast.undefined == loop.undefined > 0


@pytest.mark.parametrize(("metric", "make"), CASES)
def test_chunks_do_not_change_the_draws(metric, make, monkeypatch):
    whole = bootstrap(metric, make(0), draws=100, seed=0)
    monkeypatch.setattr(module, "CELLS", 80 * 17)
    assert bootstrap(metric, make(0), draws=100, seed=0) == whole


def test_kappa_of_one_class_is_undefined_alike():
    arrays = np.eye(3)[[0, 0, 1]], np.array([0, 0, 2])
    fast_one = bootstrap(quadratic_kappa, arrays, draws=300, seed=0)
    assert fast_one == bootstrap(lambda *a: quadratic_kappa(*a), arrays, draws=300, seed=0)
    assert fast_one.undefined / 300 == pytest.approx((2 / 3) ** 3, abs=0.08)


def test_a_partial_with_places_takes_the_loop():
    assert fast(partial(auc, np.arange(3.0))) is None
    assert fast(BRIER_AT) is not None


def test_large_cohorts_take_the_loop_with_the_same_values(monkeypatch):
    product = bootstrap(harrell_c, survival(1), draws=50, seed=0)
    monkeypatch.setattr(module, "GEMM_LIMIT", 10)
    assert bootstrap(harrell_c, survival(1), draws=50, seed=0) == product


def test_the_seed_decides():
    same = [bootstrap(auc, classes(0), draws=50, seed=0) for _ in range(2)]
    assert same[0] == same[1]
    assert bootstrap(auc, classes(0), draws=50, seed=1).low != same[0].low


def mean(x):
    return float(x.mean())


def test_interval_of_a_mean_covers_as_often_as_it_says():
    generator = np.random.default_rng(0)
    inside = 0
    for seed in range(200):
        interval = bootstrap(mean, [generator.normal(size=60)], draws=200, level=0.9, seed=seed)
        inside += interval.low <= 0.0 <= interval.high
    assert 0.82 <= inside / 200 <= 0.96  # 0.9 within three binomial standard errors, 0.021 each


def test_patients_with_several_rows_are_drawn_whole():
    # ten rows that repeat one patient tell no more than one row: the width must be that of 40
    generator = np.random.default_rng(0)
    values = generator.normal(size=40)
    once = bootstrap(mean, [values], draws=2000, seed=0)
    rows = np.repeat(values, 10)
    whole = bootstrap(mean, [rows], draws=2000, seed=0, groups=np.repeat(np.arange(40), 10))
    assert (whole.low, whole.high) == pytest.approx((once.low, once.high))
    loose = bootstrap(mean, [rows], draws=2000, seed=0)
    assert loose.high - loose.low < 0.5 * (once.high - once.low)


def test_groups_may_be_names_in_any_order():
    names = np.array([f"p{i % 20}" for i in range(80)])
    interval = bootstrap(auc, classes(0), draws=50, seed=0, groups=names)
    assert interval.low < interval.value < interval.high


def test_a_difference_is_taken_on_the_same_resamples():
    score, target = classes(0)
    for metric in (auc, lambda *a: auc(*a)):
        same = paired_bootstrap(metric, (score, target), (score, target), draws=100, seed=0)
        assert (same.value, same.low, same.high, same.p) == (0.0, 0.0, 0.0, 1.0)
    better = np.where(target, score + 0.3, score)
    gain = paired_bootstrap(auc, (better, target), (score, target), draws=500, seed=0)
    loss = paired_bootstrap(auc, (score, target), (better, target), draws=500, seed=0)
    assert gain.low > 0
    assert gain.p == pytest.approx(2 / 501)
    assert (gain.value, gain.low, gain.high) == pytest.approx((-loss.value, -loss.high, -loss.low))


def test_p_of_no_difference_is_uniform_enough():
    generator = np.random.default_rng(0)
    below = 0
    for seed in range(200):
        a, b = generator.normal(size=(2, 50))
        below += paired_bootstrap(mean, [a], [b], draws=200, seed=seed).p < 0.1
    assert 0.03 <= below / 200 <= 0.18  # 0.1 within three standard errors, and a small-sample bias


def test_undefined_in_either_counts():
    def picky(x):
        if x[:, 0].sum() == 0:
            raise UndefinedMetric("nothing")
        return float(x.mean())

    a, b = np.eye(5)[:, :1], np.eye(5)[::-1][:, :1]
    difference = paired_bootstrap(picky, [a], [b], draws=400, seed=0)
    single = bootstrap(picky, [a], draws=400, seed=0)
    # a draw misses one given patient of five with probability 0.33, one of two given with 0.58
    assert single.undefined / 400 == pytest.approx(0.33, abs=0.08)
    assert difference.undefined / 400 == pytest.approx(0.58, abs=0.08)


def test_undefined_on_the_patients_themselves_raises():
    with pytest.raises(UndefinedMetric, match="AUC needs both classes"):
        bootstrap(auc, (np.arange(3.0), np.ones(3, dtype=bool)), seed=0)


def test_undefined_in_all_draws_raises():
    calls = []

    def once(x):
        calls.append(1)
        if len(calls) > 1:
            raise UndefinedMetric("no more")
        return 0.0

    with pytest.raises(UndefinedMetric, match="has a value in none of 10 resamples"):
        bootstrap(once, [np.arange(3.0)], draws=10, seed=0)


def test_nan_is_no_value():
    with pytest.raises(ValueError, match="returned nan; raise UndefinedMetric for no value"):
        bootstrap(lambda x: float("nan"), [np.arange(3.0)], draws=10, seed=0)


def test_arguments_out_of_range_are_refused():
    x = np.arange(3.0)
    with pytest.raises(ValueError, match=r"lengths \[3, 2\], expected one row per patient"):
        bootstrap(mean, [x, x[:2]], seed=0)
    with pytest.raises(ValueError, match=r"lengths \[3, 4\], expected one row per patient"):
        bootstrap(mean, [x], seed=0, groups=np.arange(4))
    with pytest.raises(ValueError, match=r"draws 0 and level 0.95"):
        bootstrap(mean, [x], draws=0, seed=0)
    with pytest.raises(ValueError, match=r"level 1.0: expected >= 1 and between 0 and 1"):
        bootstrap(mean, [x], level=1.0, seed=0)
    with pytest.raises(UndefinedMetric, match="bootstrap: no patient"):
        bootstrap(mean, [x[:0]], seed=0)
