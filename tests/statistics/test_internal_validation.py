"""Optimism, .632+ and the corrected t: known values, planted noise, kept levels."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from fusion.errors import UndefinedMetric
from fusion.metrics.auc import auc
from fusion.statistics.nadeau_bengio import corrected_t
from fusion.statistics.optimism import optimism_corrected
from fusion.statistics.point632 import point632_plus


def least_squares(x, y):
    fitted = np.linalg.lstsq(x, y, rcond=None)[0]
    return lambda new: new @ fitted


def squared_error(predicted, y):
    return float(((predicted - y) ** 2).mean())


def linear(seed, n, p=6):
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(n, p))
    return x, x.sum(axis=1) + generator.normal(size=n)


def test_optimism_of_least_squares_is_the_known_one():
    # of a linear model with p columns and noise of variance 1 it is -2 p / n (Mallows 1973)
    found = []
    for seed in range(20):
        x, y = linear(seed, 120)
        result = optimism_corrected(least_squares, squared_error, x, [y], draws=40, seed=seed)
        found.append(result.optimism)
    assert np.mean(found) == pytest.approx(-2 * 6 / 120, rel=0.25)


def test_optimism_vanishes_with_patients():
    few, many = (
        optimism_corrected(least_squares, squared_error, *xy, draws=30, seed=0)
        for xy in ((x, [y]) for x, y in (linear(0, 60), linear(0, 3000)))
    )
    assert abs(many.optimism) < 0.1 * abs(few.optimism)
    assert many.corrected == many.apparent - many.optimism


def best_column(x, y):
    """Selection inside the fit: the column that goes with the outcome best, of many."""
    gap = x[y].mean(axis=0) - x[~y].mean(axis=0)
    chosen = np.argmax(np.abs(gap))
    return lambda new: np.sign(gap[chosen]) * new[:, chosen]


def test_selection_among_noise_is_seen_through():
    generator = np.random.default_rng(0)
    found = [
        optimism_corrected(
            best_column, auc, generator.normal(size=(60, 40)), [np.arange(60) < 30],
            draws=60, seed=seed,
        )
        for seed in range(8)
    ]  # fmt: skip
    apparent, corrected = (
        np.mean([getattr(f, k) for f in found]) for k in ("apparent", "corrected")
    )
    assert apparent > 0.64
    assert corrected - 0.5 < 0.4 * (apparent - 0.5)  # most of it


def test_targets_may_be_several_and_groups_are_drawn_whole():
    x, y = linear(0, 40)

    def weighted(x, y, weight):
        return least_squares(x * np.sqrt(weight)[:, None], y * np.sqrt(weight))

    def error(predicted, y, weight):
        return float(np.average((predicted - y) ** 2, weights=weight))

    once = optimism_corrected(weighted, error, x, [y, np.ones(40)], draws=20, seed=0)
    plain = optimism_corrected(least_squares, squared_error, x, [y], draws=20, seed=0)
    assert once.optimism == pytest.approx(plain.optimism)
    rows = np.repeat(np.arange(40), 2)
    whole = optimism_corrected(
        least_squares, squared_error, x[rows], [y[rows]], draws=20, seed=0, groups=rows
    )
    assert whole.optimism == pytest.approx(plain.optimism)


def nearest(x, y):
    return lambda new: y[np.abs(new[:, None, 0] - x[None, :, 0]).argmin(axis=1)]


def wrong(predicted, y):
    return (predicted != y).astype(float)


def test_632_plus_sees_through_a_model_that_remembers():
    # one nearest neighbour on noise: never wrong on its own patients, half wrong on others
    generator = np.random.default_rng(0)
    found = [
        point632_plus(
            nearest, wrong, generator.normal(size=(40, 1)), [generator.permutation(40) < 20],
            draws=60, seed=seed,
        )
        for seed in range(12)
    ]  # fmt: skip
    assert {f.apparent for f in found} == {0.0}
    assert {f.no_information for f in found} == {0.5}
    assert np.mean([f.value for f in found]) == pytest.approx(0.5, abs=0.04)
    assert np.mean([0.632 * f.left_out for f in found]) < 0.35  # what .632 would have said


def test_632_plus_without_overfitting_is_632():
    x, y = linear(0, 2000, p=2)
    found = point632_plus(
        least_squares, lambda p, y: (p - y) ** 2, x[:400], [y[:400]], draws=30, seed=0
    )
    assert found.overfitting < 0.02
    plain = 0.368 * found.apparent + 0.632 * found.left_out
    assert found.value == pytest.approx(plain, rel=0.01)


def test_632_plus_formula_at_a_known_overfitting():
    found = point632_plus(
        nearest, wrong, np.arange(30.0)[:, None], [np.arange(30) % 5 < 2], draws=80, seed=1
    )
    capped = min(found.left_out, found.no_information)
    r = (capped - found.apparent) / (found.no_information - found.apparent)
    assert found.overfitting == pytest.approx(r)
    # Efron and Tibshirani 1997, equation 32
    plain = 0.368 * found.apparent + 0.632 * capped
    extra = (capped - found.apparent) * 0.368 * 0.632 * r / (1 - 0.368 * r)
    assert found.value == pytest.approx(plain + extra)
    share = np.mean(np.arange(30) % 5 < 2)
    assert found.no_information == pytest.approx(2 * share * (1 - share))


def test_fits_that_fail_are_counted_or_refused():
    def picky(x, y):
        if len(np.unique(x[:, 0])) < 4:
            raise UndefinedMetric("too few")
        return lambda new: np.zeros(len(new))

    x, y = np.arange(5.0)[:, None], np.zeros(5)
    found = optimism_corrected(picky, squared_error, x, [y], draws=200, seed=0)
    assert 0 < found.undefined < 200
    assert 0 < point632_plus(picky, wrong, x, [y], draws=200, seed=0).undefined < 200
    with pytest.raises(UndefinedMetric, match="the model has a value in none of 3 resamples"):
        optimism_corrected(
            lambda x, y: picky(x, y) if len(np.unique(x)) == 5 else picky(x[:1], y),
            squared_error, x, [y], draws=3, seed=0,
        )  # fmt: skip
    with pytest.raises(UndefinedMetric, match=r"5 rows are in each of the \d resamples that could"):
        point632_plus(picky, wrong, x, [y], draws=1, seed=0)
    with pytest.raises(ValueError, match=r"lengths \[5, 4\], expected one row per patient"):
        optimism_corrected(picky, squared_error, x, [y[:4]], seed=0)


def test_corrected_t_without_overlap_is_the_plain_one():
    d = np.random.default_rng(0).normal(0.3, 1, 12)
    found, plain = corrected_t(d, test_share=1e-15, level=0.9), ttest_1samp(d, 0)
    assert (found.t, found.p) == pytest.approx((plain.statistic, plain.pvalue))
    interval = plain.confidence_interval(0.9)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))


def test_corrected_t_keeps_its_level_where_the_plain_one_does_not():
    # two useless predictors, five folds ten times over: the truth is no difference
    generator = np.random.default_rng(0)
    corrected, plain = [], []
    for _ in range(150):
        x, y = generator.normal(size=(2, 50)), generator.normal(size=50)
        differences = []
        for _ in range(10):
            fold = generator.permutation(50) % 5
            train = fold[None] != np.arange(5)[:, None]
            slope = (train[:, None] * x * y).sum(axis=2) / (train[:, None] * x**2).sum(axis=2)
            error = (y - slope[:, :, None] * x) ** 2
            differences += [e[:, ~t].mean(axis=1) for e, t in zip(error, train, strict=True)]
        d = np.subtract(*np.array(differences).T)
        corrected.append(corrected_t(d, test_share=1 / 4).p < 0.05)
        plain.append(ttest_1samp(d, 0).pvalue < 0.05)
    assert np.mean(corrected) < 0.05 + 0.055  # 3 binomial standard errors
    assert np.mean(plain) > 0.3


def test_corrected_t_refuses_what_has_no_value():
    with pytest.raises(UndefinedMetric, match="1 folds with 1 different values"):
        corrected_t(np.array([0.1]), test_share=0.25)
    with pytest.raises(UndefinedMetric, match="5 folds with 1 different values"):
        corrected_t(np.full(5, 0.1), test_share=0.25)
    with pytest.raises(ValueError, match=r"test_share 0.0: expected above 0"):
        corrected_t(np.arange(5.0), test_share=0.0)
    with pytest.raises(ValueError, match="differences: 1 of 2 values are NaN"):
        corrected_t(np.array([0.1, np.nan]), test_share=0.25)
