"""Cox: the baseline hazard, predictions, and what training labels must have."""

import numpy as np
import pandas as pd
import pytest
import torch
from lifelines import CoxPHFitter, NelsonAalenFitter

from fusion.errors import ConfigError, TrainingError
from fusion.tasks.cox import Cox


def survival_labels(seed, n=200):
    generator = np.random.default_rng(seed)
    time = generator.integers(1, 1000, n).astype(np.float32)
    event = (generator.random(n) < 0.6).astype(np.float32)
    return torch.from_numpy(np.stack([time, event], axis=1))


def test_baseline_without_covariates_is_nelson_aalen():
    targets = survival_labels(0)
    task = Cox(horizons_days=[100.0, 500.0, 900.0], ties="breslow", risk_sets="batch")
    task.finish(torch.zeros(200, 1), targets)
    time, event = targets.double().unbind(dim=1)
    fitted = NelsonAalenFitter(nelson_aalen_smoothing=False).fit(time.numpy(), event.numpy())
    expected = fitted.cumulative_hazard_at_times([100, 500, 900]).to_numpy()
    # lifelines spreads tied events over the day, so ties differ in the third digit
    assert np.allclose(task.log_baseline.exp().numpy(), expected, rtol=1e-2)


def test_survival_equals_lifelines():
    generator = np.random.default_rng(1)
    x = generator.normal(size=300)
    time = generator.permutation(np.arange(1.0, 301.0))  # no ties, where methods differ
    table = pd.DataFrame({"x": x, "time": time, "event": generator.random(300) < 0.5})
    fitted = CoxPHFitter().fit(table, "time", "event")
    outputs = torch.tensor(x * fitted.params_["x"]).float().unsqueeze(1)
    targets = torch.from_numpy(table[["time", "event"]].to_numpy(dtype=np.float32))
    task = Cox(horizons_days=[50.0, 200.0], ties="efron", risk_sets="batch")
    task.finish(outputs, targets)
    expected = fitted.predict_survival_function(table[["x"]], times=[50, 200]).to_numpy()
    prediction = task.predict(outputs)
    assert list(prediction) == ["risk", "survival_50", "survival_200"]
    assert np.allclose(prediction["survival_50"].numpy(), expected[0], atol=1e-5)
    assert np.allclose(prediction["survival_200"].numpy(), expected[1], atol=1e-5)


def test_a_constant_added_to_all_outputs_changes_no_survival():
    targets, outputs = survival_labels(2), torch.randn(200, 1)
    predictions = []
    for shift in (0.0, 50.0):
        task = Cox(horizons_days=[400.0], ties="breslow", risk_sets="batch")
        task.finish(outputs + shift, targets)
        predictions.append(task.predict(outputs + shift)["survival_400"])
    assert torch.allclose(*predictions, atol=1e-4)  # float32 at 50 resolves 4e-6


def test_higher_risk_means_worse_survival_and_all_within_0_and_1():
    task = Cox(horizons_days=[10.0, 400.0, 900.0], ties="breslow", risk_sets="batch")
    task.finish(torch.randn(200, 1), survival_labels(3))
    prediction = task.predict(torch.linspace(-200, 200, 50).unsqueeze(1))
    survival = torch.stack([prediction[name] for name in task.names])
    assert survival.isfinite().all()
    assert (survival >= 0).all()
    assert (survival <= 1).all()
    assert (survival.diff(dim=1) <= 0).all()
    assert (survival.diff(dim=0) <= 0).all()


def test_before_the_first_event_everybody_survives():
    task = Cox(horizons_days=[5.0], ties="breslow", risk_sets="batch")
    task.finish(torch.randn(3, 1), torch.tensor([[6.0, 1.0], [7.0, 1.0], [8.0, 0.0]]))
    assert task.predict(torch.randn(4, 1))["survival_5"].tolist() == [1.0] * 4


def test_before_finish_there_is_a_risk_and_no_survival():
    assert list(
        Cox(horizons_days=[5.0], ties="breslow", risk_sets="batch").predict(torch.zeros(2, 1))
    ) == ["risk"]


def test_the_baseline_travels_with_the_state():
    task, other = (
        Cox(horizons_days=[100.0, 500.0], ties="breslow", risk_sets="batch") for _ in range(2)
    )
    task.finish(torch.randn(200, 1), survival_labels(4))
    other.load_state_dict(task.state_dict())
    x = torch.randn(3, 1)
    assert torch.equal(other.predict(x)["survival_500"], task.predict(x)["survival_500"])


def test_a_batch_without_events_contributes_nothing():
    outputs = torch.randn(3, 1, requires_grad=True)
    task = Cox(horizons_days=[5.0], ties="efron", risk_sets="batch")
    loss = task.loss(outputs, torch.tensor([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]]))
    loss.backward()
    assert loss.item() == 0.0
    assert not outputs.grad.any()


def test_no_event_in_training_is_refused():
    task = Cox(horizons_days=[5.0], ties="breslow", risk_sets="batch")
    with pytest.raises(TrainingError, match="Cox: no event among 2 training patients"):
        task.prepare(torch.tensor([[9.0, 0.0], [8.0, 0.0]]))
    with pytest.raises(TrainingError, match="Cox: no training patient has a survival label"):
        task.prepare(torch.zeros(0, 2))


def test_a_horizon_beyond_the_follow_up_is_refused():
    task = Cox(horizons_days=[5.0, 20.0], ties="breslow", risk_sets="batch")
    targets = torch.tensor([[9.0, 1.0], [12.0, 0.0]])
    for fit in (lambda: task.prepare(targets), lambda: task.finish(torch.zeros(2, 1), targets)):
        with pytest.raises(TrainingError, match=r"horizon 20 days is beyond .* training, 12 days"):
            fit()


@pytest.mark.parametrize("time", [-1.0, float("nan"), float("inf")])
def test_times_that_are_no_days_are_refused(time):
    task = Cox(horizons_days=[5.0], ties="breslow", risk_sets="batch")
    with pytest.raises(TrainingError, match="a training time is negative or not finite"):
        task.prepare(torch.tensor([[9.0, 1.0], [time, 0.0]]))


def test_events_other_than_0_and_1_are_refused():
    task = Cox(horizons_days=[5.0], ties="breslow", risk_sets="batch")
    with pytest.raises(TrainingError, match="an event is neither 0 nor 1"):
        task.prepare(torch.tensor([[9.0, 2.0]]))


@pytest.mark.parametrize("horizon", [0.0, -5.0, float("inf"), float("nan")])
def test_horizons_that_are_no_days_are_refused(horizon):
    with pytest.raises(ConfigError, match="is not a finite number of days above 0"):
        Cox(horizons_days=[horizon], ties="breslow", risk_sets="batch")


@pytest.mark.parametrize("horizons", [[5.0, 5.0], [7.0, 5.0]])
def test_horizons_must_ascend(horizons):
    with pytest.raises(ConfigError, match="do not ascend"):
        Cox(horizons_days=horizons, ties="breslow", risk_sets="batch")
