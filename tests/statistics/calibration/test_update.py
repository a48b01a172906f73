"""Each rung mends what it says, and nothing it does not."""

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from fusion.errors import UndefinedMetric
from fusion.metrics.auc import auc
from fusion.statistics.calibration.logistic import calibration_in_the_large, calibration_line
from fusion.statistics.calibration.update import NONE, refit, update_intercept, update_slope


def new_center(seed, n=3000):
    """Features, an old model's predictions, and a truth that is shifted, flatter and reweighted."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(n, 2))
    old = expit(x @ [1.0, 1.0])
    return x, old, generator.random(n) < expit(-0.8 + x @ [0.9, 0.2])


def test_each_rung_is_calibrated_as_far_as_it_goes():
    _, old, target = new_center(0)
    by_intercept = update_intercept(old, target)(old)
    assert calibration_in_the_large(by_intercept, target).value == pytest.approx(0, abs=1e-8)
    by_slope = update_slope(old, target)(old)
    line = calibration_line(by_slope, target)
    assert (line.intercept.value, line.slope.value) == pytest.approx((0, 1), abs=1e-8)


def test_each_rung_is_better_on_other_patients_of_the_center():
    x, old, target = new_center(0)
    x_new, old_new, target_new = new_center(1)
    ladder = [
        NONE(old_new),
        update_intercept(old, target)(old_new),
        update_slope(old, target)(old_new),
        refit(x, target)(x_new),
    ]
    losses = [log_loss(target_new, p) for p in ladder]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0] - 0.1


def test_with_few_patients_the_top_rung_is_not_the_best():
    generator = np.random.default_rng(0)
    intercept, top = [], []
    for _ in range(60):
        x = generator.normal(size=(1040, 8))
        old = expit(0.5 * x.sum(axis=1))
        target = generator.random(1040) < expit(0.5 * x.sum(axis=1) - 0.7)
        some, others = slice(40), slice(40, None)
        try:
            again = refit(x[some], target[some])(x[others])
        except UndefinedMetric:
            continue
        shifted = update_intercept(old[some], target[some])(old[others])
        intercept.append(log_loss(target[others], shifted))
        top.append(log_loss(target[others], np.clip(again, 1e-9, 1 - 1e-9)))
    assert np.mean(intercept) < np.mean(top)


def test_ranks_are_kept_below_the_top():
    _, old, target = new_center(2)
    for update in (NONE, update_intercept(old, target), update_slope(old, target)):
        assert auc(update(old), target) == auc(old, target)


def test_none_changes_nothing_at_all():
    p = np.array([0.0, 0.3, 1.0])
    assert NONE(p).tolist() == p.tolist()


def test_planted_update_is_recovered():
    generator = np.random.default_rng(0)
    p = expit(generator.normal(size=40_000))
    found = update_slope(p, generator.random(40_000) < expit(0.4 + 0.7 * logit(p)))
    assert (found.intercept, found.slope) == pytest.approx((0.4, 0.7), abs=0.04)


def test_refit_equals_scikit_learn_without_penalty():
    x, _, target = new_center(0, n=200)
    oracle = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(x, target)
    assert refit(x, target)(x) == pytest.approx(oracle.predict_proba(x)[:, 1], abs=1e-6)


def test_what_cannot_be_updated_is_refused():
    x, old, target = new_center(0, n=300)
    with pytest.raises(UndefinedMetric, match="ranks this centre's patients no better than chance"):
        update_slope(1 - old, target)
    with pytest.raises(UndefinedMetric, match="needs both classes, found 0 positive and 300"):
        update_intercept(old, target & False)
    with pytest.raises(UndefinedMetric, match="2 features and an intercept need more than 3"):
        refit(x[:3], target[:3])
    with pytest.raises(UndefinedMetric, match="the 3 columns depend on each other over 300"):
        refit(x[:, [0, 0]], target)
    with pytest.raises(UndefinedMetric, match="separate the classes"):
        refit(x, x[:, 0] > 0)
    with pytest.raises(ValueError, match="features: 1 of 2 values are NaN"):
        refit(x, target)(np.array([[0.0, np.nan]]))


def test_two_patients_cannot_carry_a_line():
    with pytest.raises(UndefinedMetric, match="2 patients for 2 columns; expected more"):
        calibration_line(np.array([0.2, 0.7]), np.array([False, True]))
