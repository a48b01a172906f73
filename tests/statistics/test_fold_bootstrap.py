"""The mean over folds in resamples of patients, against loops."""

import numpy as np
import pytest
from scipy.stats import norm

from fusion.errors import UndefinedMetric
from fusion.metrics.auc import auc
from fusion.metrics.concordance import harrell_c
from fusion.statistics.auc_contrast import auc_contrast
from fusion.statistics.bootstrap import paired_bootstrap, two_sided
from fusion.statistics.delong import delong, paired_delong
from fusion.statistics.draws import drawn_counts
from fusion.statistics.fold_bootstrap import drawn_folds, fold_draws, fold_mean


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_equals_a_loop_over_resamples_and_folds(rng):
    patients, draws = 30, 40
    rows = [np.arange(18), np.arange(12, 30)]  # six patients are tested twice
    data = [
        [rng.normal(size=18), rng.exponential(size=18).round(1), rng.random(18) < 0.5] for _ in rows
    ]
    found = fold_draws(
        harrell_c, list(zip(data, rows, strict=True)), patients=patients, draws=draws, seed=3
    )
    (counts,) = drawn_counts(patients, draws, 3, None)
    for draw, count in enumerate(counts):
        for fold, (arrays, row) in enumerate(zip(data, rows, strict=True)):
            again = np.repeat(np.arange(18), count[row])
            try:
                expected = harrell_c(*(x[again] for x in arrays))
            except UndefinedMetric:
                expected = np.nan
            np.testing.assert_equal(found[draw, fold], expected)


def test_one_fold_is_the_plain_paired_bootstrap(rng):
    target = np.arange(40) % 2 == 0
    a, b = rng.normal(size=(2, 40)) + target
    sides = [([x, target], np.arange(40)) for x in (a, b)]
    draws = fold_draws(auc, sides, patients=40, draws=300, seed=1)
    plain = paired_bootstrap(auc, [a, target], [b, target], draws=300, seed=1)
    gaps = draws[:, 0] - draws[:, 1]
    assert two_sided(gaps) == plain.p
    assert np.quantile(gaps, [0.025, 0.975]).tolist() == [plain.low, plain.high]


def test_the_mean_passes_over_what_has_no_value():
    values = np.array([[1.0, np.nan, 4.0], [np.nan] * 3])
    found = fold_mean(values, np.broadcast_to(np.array([1.0, 5.0, 2.0]), values.shape))
    np.testing.assert_allclose(found, [3.0, np.nan])


def test_folds_are_drawn_with_replacement():
    drawn = drawn_folds(4, 2000, 0)
    assert (drawn.sum(axis=1) == 4).all()
    # a count is binomial(4, 1/4): mean 1, variance 3/4; five standard errors of 2000 draws
    assert abs(drawn[:, 0].mean() - 1) < 5 * np.sqrt(0.75 / 2000)
    assert abs(drawn[:, 0].var() - 0.75) < 0.15


def test_a_contrast_of_two_is_paired_delong_and_of_more_its_formula(rng):
    target = np.arange(50) % 2 == 0
    scores = rng.normal(size=(3, 50)) + target
    two = auc_contrast(scores[:2], np.array([1.0, -1.0]), target)
    assert two == paired_delong(scores[0], scores[1], target)
    weights = np.array([0.5, 0.5, -1.0])
    three, full = auc_contrast(scores, weights, target, level=0.9), delong(scores, target)
    se = np.sqrt(weights @ full.covariance @ weights)
    assert three.value == pytest.approx(weights @ full.auc)
    assert three.high - three.value == pytest.approx(norm.ppf(0.95) * se)
    with pytest.raises(UndefinedMetric, match="does not vary"):
        auc_contrast(scores[[0, 0]], np.array([1.0, -1.0]), target)
    with pytest.raises(ValueError, match="add up to 1"):
        auc_contrast(scores[:1], np.array([1.0]), target)
