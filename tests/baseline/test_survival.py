"""The Cox baseline finds what is there, and says what it cannot fit."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from fusion.baseline import CoxBaseline, fit_cox_baseline
from fusion.errors import TrainingError
from fusion.metrics.concordance import harrell_c


def table(seed, n=300):
    """Age in years and a marker; days by a planted proportional hazard."""
    generator = np.random.default_rng(seed)
    x = np.stack([generator.normal(55, 12, n), generator.random(n) < 0.4], axis=1)
    hazard = np.exp(0.05 * (x[:, 0] - 55) - 1.0 * (x[:, 1] - 0.4)) / 500
    days = np.ceil(generator.exponential(1 / hazard))
    censored = np.ceil(generator.uniform(100, 2000, n))
    return x, np.minimum(days, censored), days <= censored, np.log(hazard)


@pytest.fixture(scope="module")
def model():
    x, days, event, _ = table(0, n=1000)
    return fit_cox_baseline(x, days, event, [180.0, 365.0], seed=0)


def test_recovers_planted_coefficients_on_the_scale_of_the_table(model):
    # standard errors with about 750 events are 0.003 and 0.08; the ridge shrinks a little
    assert model.coefficients[0] == pytest.approx(0.05, abs=0.01)
    assert model.coefficients[1] == pytest.approx(-1.0, abs=0.25)


def test_new_patients_are_ranked_as_well_as_the_truth_allows(model):
    x, days, event, truth = table(1, n=1000)
    risk = model.predict(x)["risk"]
    assert harrell_c(risk, days, event) > harrell_c(truth, days, event) - 0.01


def test_survival_is_the_planted_one(model):
    x, _, _, truth = table(2)
    p = model.predict(x)
    assert list(p) == ["risk", "survival_180", "survival_365"]
    # 0.05 covers three standard errors of baseline and coefficients at 750 events
    assert np.abs(p["survival_365"] - np.exp(-365 * np.exp(truth))).mean() < 0.05


def test_the_state_is_json(model):
    x = table(3)[0]
    again = CoxBaseline(**json.loads(json.dumps(asdict(model), allow_nan=False)))
    for name, value in model.predict(x).items():
        assert np.array_equal(again.predict(x)[name], value)


def test_before_the_first_event_everybody_survives(model):
    early = CoxBaseline(**{**asdict(model), "hazards": [0.0, 0.5]})
    far = np.array([[55.0, 0.0], [1e5, 0.0]])  # a risk whose exponential overflows
    assert early.predict(far)["survival_180"].tolist() == [1.0, 1.0]
    assert early.predict(far)["survival_365"][1] == 0.0


def test_separation_and_a_constant_column():
    generator = np.random.default_rng(4)
    days = generator.permutation(np.arange(1.0, 41.0))
    x = np.stack([-days, np.full(40, 3.0)], axis=1)  # the column is the outcome
    fitted = fit_cox_baseline(x, days, np.ones(40, dtype=bool), [20.0], seed=0)
    assert np.isfinite(fitted.coefficients).all()
    assert fitted.constant == [1]
    assert fitted.coefficients[1] == 0.0
    assert harrell_c(fitted.predict(x)["risk"], days, np.ones(40, dtype=bool)) == 1.0


def test_too_few_events_are_refused():
    x, days = np.arange(6.0)[:, None], np.arange(1.0, 7.0)
    event = np.zeros(6, dtype=bool)
    with pytest.raises(TrainingError, match="clinical baseline: no event among 6"):
        fit_cox_baseline(x, days, event, [3.0], seed=0)
    event[2] = True
    with pytest.raises(TrainingError, match="two or more training events, found 1"):
        fit_cox_baseline(x, days, event, [3.0], seed=0)


def test_too_few_patients_to_cross_validate_are_refused():
    x, event = np.array([[0.0], [1.0]]), np.ones(2, dtype=bool)
    with pytest.raises(TrainingError, match="cannot be fitted to 2 patients with 2 events, at any"):
        fit_cox_baseline(x, np.array([1.0, 2.0]), event, [1.0], seed=0)


def test_bad_tables_are_refused(model):
    x, days, event, _ = table(5)
    with pytest.raises(TrainingError, match="none of the 2 clinical columns varies in 300"):
        fit_cox_baseline(np.ones_like(x), days, event, [100.0], seed=0)
    with pytest.raises(TrainingError, match="horizon 9000 days is beyond the longest follow-up"):
        fit_cox_baseline(x, days, event, [9000.0], seed=0)
    x[3, 1] = np.inf
    with pytest.raises(ValueError, match="NaN or infinity in row 3, column 1; impute first"):
        fit_cox_baseline(x, days, event, [100.0], seed=0)
    with pytest.raises(ValueError, match="has 1 columns, expected 2"):
        model.predict(x[:, :1])


def test_a_fit_that_does_not_converge_is_reported(monkeypatch):
    from fusion.baseline import survival as module

    x, days, event, _ = table(6)
    monkeypatch.setattr(module, "SLOPE", 0.0)
    with pytest.raises(TrainingError, match=r"at penalty 0.1 the slope of the likelihood is still"):
        module._cox(x, days, event, 0.1)
    with pytest.raises(
        TrainingError, match=r"at any penalty in .*: the clinical baseline does not"
    ):
        fit_cox_baseline(x, days, event, [100.0], seed=0)
