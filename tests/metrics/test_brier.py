"""Brier scores equal scikit-learn's, scikit-survival's and golden ones."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss
from sksurv.datasets import load_veterans_lung_cancer
from sksurv.linear_model import CoxPHSurvivalAnalysis
from sksurv.metrics import brier_score
from sksurv.preprocessing import OneHotEncoder

from fusion.errors import UndefinedMetric
from fusion.metrics.brier import brier, brier_survival
from fusion.metrics.censoring import Censoring


def test_two_classes_equal_scikit_learn():
    generator = np.random.default_rng(0)
    p, target = generator.random(200), generator.integers(0, 2, 200)
    both = np.stack([1 - p, p], axis=1)
    assert brier(both, target) == pytest.approx(brier_score_loss(target, p), abs=1e-14)


def test_more_classes_add_their_squares():
    p = np.array([[0.2, 0.3, 0.5]])
    assert brier(p, np.array([2])) == pytest.approx(0.04 + 0.09 + 0.25)
    assert brier(np.eye(3)[[1]], np.array([0])) == 2.0


def test_golden_real_external_predictions(idh_external):
    # origin: shared/golden/metrics_golden.json idh_external
    p, target = idh_external
    score = brier(np.stack([1 - p, p], axis=1), target.astype(int))
    assert score == pytest.approx(0.15613479199167968, abs=1e-14)


@pytest.mark.parametrize("target", [-1, 2])
def test_class_out_of_range_is_refused(target):
    with pytest.raises(ValueError, match="expected 0 to 1"):
        brier(np.full((1, 2), 0.5), np.array([target]))


def survival_table(seed, n=300):
    generator = np.random.default_rng(seed)
    time = generator.integers(1, 40, n).astype(float)  # ties of events and censoring
    event = generator.random(n) < 0.5
    return generator.random(n), time, event


def as_sksurv(time, event):
    return np.array(list(zip(event, time, strict=True)), dtype=[("event", bool), ("time", float)])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("horizon", [3.0, 10.5, 25.0])
def test_survival_equals_scikit_survival(seed, horizon):
    _, train_time, train_event = survival_table(seed + 100)
    survival, time, event = survival_table(seed)
    last = train_time.argmax()
    train_event[train_time == train_time[last]] = True  # the oracle wants the curve above zero
    time = np.minimum(time, train_time[last] - 1)
    expected = brier_score(
        as_sksurv(train_time, train_event), as_sksurv(time, event), survival[:, None], [horizon]
    )[1][0]
    curve = Censoring.fit(train_time, train_event)
    score = brier_survival(survival, time, event, horizon_days=horizon, censoring=curve)
    assert score == pytest.approx(expected, rel=1e-12)


def test_golden_veterans():
    # origin: scikit-survival 0.28's veterans data and Cox model with Efron ties,
    # shared/golden/golden2.json veterans_coxph_efron, days 60, 120, 180 and 365
    x, y = load_veterans_lung_cancer()
    x = OneHotEncoder().fit_transform(x)
    model = CoxPHSurvivalAnalysis(ties="efron").fit(x, y)
    time, event = y["Survival_in_days"].astype(float), y["Status"]
    curve = Censoring.fit(time, event)
    golden = [0.16364912055051697, 0.17063752233697518, 0.13856111068152538, 0.07265214010418782]
    for horizon, value in zip([60.0, 120.0, 180.0, 365.0], golden, strict=True):
        survival = np.array([f(horizon) for f in model.predict_survival_function(x)])
        score = brier_survival(survival, time, event, horizon_days=horizon, censoring=curve)
        assert score == pytest.approx(value, abs=1e-10)


def test_without_censoring_it_is_the_plain_brier_score():
    survival, time, _ = survival_table(1)
    event = np.ones(len(time), dtype=bool)
    curve = Censoring.fit(time, event)
    score = brier_survival(survival, time, event, horizon_days=20.0, censoring=curve)
    assert score == pytest.approx(((survival - (time > 20)) ** 2).mean(), abs=1e-14)


def test_an_infinite_weight_is_undefined():
    time, event = np.array([1.0, 4.0, 9.0]), np.array([True, False, False])
    curve = Censoring.fit(np.array([1.0, 4.0]), np.array([True, False]))
    with pytest.raises(UndefinedMetric, match="nobody in the training follow-up is uncensored"):
        brier_survival(np.ones(3), time, event, horizon_days=4.0, censoring=curve)


def test_a_horizon_beyond_the_follow_up_is_undefined():
    survival, time, event = survival_table(2)
    curve = Censoring.fit(time, event)
    with pytest.raises(UndefinedMetric, match="day 400 is beyond the 39 days for which censoring"):
        brier_survival(survival, time, event, horizon_days=400.0, censoring=curve)
