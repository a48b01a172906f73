"""The logistic baseline finds what is there, and says what it cannot fit."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from fusion.baseline import ClassBaseline, fit_class_baseline
from fusion.errors import TrainingError
from fusion.metrics.auc import auc


def table(seed, n=400):
    """Age in years and a marker; class by a planted logistic model."""
    generator = np.random.default_rng(seed)
    x = np.stack([generator.normal(55, 12, n), generator.random(n) < 0.4], axis=1)
    logit = 0.08 * (x[:, 0] - 55) + 1.5 * (x[:, 1] - 0.4)
    return x, (generator.random(n) < 1 / (1 + np.exp(-logit))).astype(int), logit


def test_recovers_planted_coefficients_on_the_scale_of_the_table():
    x, y, _ = table(0, n=4000)
    model = fit_class_baseline(x, y, ["no", "yes"], seed=0)
    slope = np.array(model.coefficients[1]) - np.array(model.coefficients[0])
    # standard errors at this size are 0.003 and 0.07; the ridge shrinks a little
    assert slope == pytest.approx([0.08, 1.5], abs=0.2)
    assert slope[0] == pytest.approx(0.08, abs=0.012)


def test_new_patients_are_predicted_as_well_as_the_truth_allows():
    x, y, _ = table(1)
    new, truth, logit = table(2, n=2000)
    p = fit_class_baseline(x, y, ["no", "yes"], seed=0).predict(new)
    assert list(p) == ["no", "yes"]
    assert np.allclose(p["no"] + p["yes"], 1.0)
    assert auc(p["yes"], truth == 1) > auc(logit, truth == 1) - 0.02


def test_three_classes():
    generator = np.random.default_rng(3)
    y = np.repeat([0, 1, 2], 50)
    x = generator.normal(size=(150, 2)) + np.array([[0, 0], [3, 0], [0, 3]])[y]
    p = fit_class_baseline(x, y, ["a", "b", "c"], seed=0).predict(x)
    right = np.stack(list(p.values()), axis=1).argmax(axis=1) == y
    assert right.mean() > 0.85


def test_the_state_is_json():
    x, y, _ = table(4)
    model = fit_class_baseline(x, y, ["no", "yes"], seed=0)
    again = ClassBaseline(**json.loads(json.dumps(asdict(model))))
    assert np.array_equal(again.predict(x)["yes"], model.predict(x)["yes"])


def test_separated_classes_stay_finite():
    x = np.linspace(-1, 1, 40)[:, None]
    model = fit_class_baseline(x, (x[:, 0] > 0).astype(int), ["no", "yes"], seed=0)
    assert np.isfinite(model.coefficients).all()
    assert model.predict(x)["yes"][-1] > 0.9


def test_a_constant_column_has_no_weight_and_is_named():
    x, y, _ = table(5)
    x = np.insert(x, 1, 7.0, axis=1)
    model = fit_class_baseline(x, y, ["no", "yes"], seed=0)
    assert model.constant == [1]
    moved = x.copy()
    moved[:, 1] = 99.0
    assert np.array_equal(model.predict(moved)["yes"], model.predict(x)["yes"])


def test_noise_is_shrunk():
    generator = np.random.default_rng(6)
    x, y = generator.normal(size=(100, 20)), np.arange(100) % 2
    p = fit_class_baseline(x, y, ["no", "yes"], seed=0).predict(generator.normal(size=(50, 20)))
    assert np.abs(p["yes"] - 0.5).max() < 0.2


@pytest.mark.parametrize("y", [[0] * 8, [0] * 7 + [1]])
def test_too_few_of_a_class_are_refused(y):
    x = np.arange(8.0)[:, None]
    with pytest.raises(TrainingError, match="two or more training patients of each class, found"):
        fit_class_baseline(x, np.array(y), ["no", "yes"], seed=0)


def test_nothing_that_varies_is_refused():
    with pytest.raises(TrainingError, match="none of the 2 clinical columns varies in 4"):
        fit_class_baseline(np.ones((4, 2)), np.array([0, 0, 1, 1]), ["no", "yes"], seed=0)


def test_missing_values_and_wrong_columns_are_refused():
    x, y, _ = table(7)
    model = fit_class_baseline(x, y, ["no", "yes"], seed=0)
    x[3, 1] = np.nan
    for attempt in (model.predict, lambda t: fit_class_baseline(t, y, ["no", "yes"], seed=0)):
        with pytest.raises(ValueError, match="NaN or infinity in row 3, column 1; impute first"):
            attempt(x)
    with pytest.raises(ValueError, match="has 1 columns, expected 2"):
        model.predict(x[:, :1])


def test_a_fit_that_does_not_converge_is_reported(monkeypatch):
    from fusion.baseline import classes as module

    real = module.LogisticRegression
    monkeypatch.setattr(module, "LogisticRegression", lambda max_iter: real(max_iter=1))
    x, y, _ = table(8)
    with pytest.raises(TrainingError, match="the clinical baseline does not converge"):
        fit_class_baseline(x, y, ["no", "yes"], seed=0)
