"""Competing events: Aalen and Johansen without covariates, what was planted with them."""

import numpy as np
import pytest
import torch
from lifelines import AalenJohansenFitter

from fusion.errors import ConfigError, TrainingError
from fusion.tasks.competing import STEPS, Competing
from fusion.tasks.cox import Cox


def planted(seed, n=1500, effect=(1.0, 0.0)):
    """Two constant hazards, 0.5 and 1 a year; the covariate acts on the first alone."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=n)
    rates = np.stack([0.5 * np.exp(effect[0] * x), np.exp(effect[1] * x)], axis=1) / 365
    died = generator.exponential(1 / rates)
    first, last = died.min(axis=1), generator.uniform(50, 1500, n)
    cause = np.where(first <= last, died.argmin(axis=1) + 1, 0)
    targets = np.stack([np.minimum(first, last), cause], axis=1)
    return torch.from_numpy(x).float(), torch.from_numpy(targets).float(), rates


def task(*horizons):
    return Competing(causes=["tumour", "other"], horizons_days=horizons, ties="breslow")


def test_without_covariates_it_is_aalen_and_johansen():
    _, targets, _ = planted(0, effect=(0.0, 0.0))
    targets = targets[np.unique(targets[:, 0].numpy(), return_index=True)[1]]  # the oracle's wish
    fitted = task(200.0, 700.0)
    fitted.finish(torch.zeros(len(targets), 2), targets)
    found = fitted.predict(torch.zeros(1, 2))
    for number, cause in enumerate(fitted.causes, start=1):
        oracle = AalenJohansenFitter(calculate_variance=False)
        oracle.fit(targets[:, 0].numpy(), targets[:, 1].numpy(), event_of_interest=number)
        curve = oracle.cumulative_density_.iloc[:, 0]
        for day in (200, 700):
            # a step of d leaves exp(-d) here and 1 - d there, d^2 / 2 apart: 1 / (2 at risk) in
            # all; and steps are joined, which moves an event by 1 / STEPS of them
            expected = 1 - curve.loc[:day].iloc[-1]
            assert found[f"{cause}_survival_{day}"].item() == pytest.approx(expected, abs=5e-3)


def test_equals_brute_force_with_covariates():
    """Each event day in turn, exactly, where no steps are joined."""
    x, targets, _ = planted(1, n=120)
    outputs = torch.stack([x, -0.5 * x], dim=1)
    fitted = task(100.0, 500.0)
    fitted.finish(outputs, targets)
    found = fitted.predict(outputs[:5])
    time, cause = targets.double().numpy().T
    hazards = outputs.double().exp().numpy()
    for patient in range(5):
        left, incidence = 1.0, np.zeros(2)
        for day in np.unique(time[(cause > 0) & (time <= 500)]):
            step = np.array(
                [
                    hazards[patient, k]
                    * ((time == day) & (cause == k + 1)).sum()
                    / hazards[time >= day, k].sum()
                    for k in range(2)
                ]
            )
            incidence += left * (1 - np.exp(-step.sum())) * step / step.sum()
            left *= np.exp(-step.sum())
        assert found["tumour_survival_500"][patient].item() == pytest.approx(
            1 - incidence[0], abs=1e-5
        )
        assert found["other_survival_500"][patient].item() == pytest.approx(
            1 - incidence[1], abs=1e-5
        )
        assert left + incidence.sum() == pytest.approx(1.0)


def test_true_log_hazards_give_the_true_incidence():
    x, targets, rates = planted(2, n=4000)
    outputs = torch.stack([x, torch.zeros_like(x)], dim=1)
    fitted = task(365.0)
    fitted.finish(outputs, targets)
    total = rates.sum(axis=1)
    truth = rates[:, 0] / total * (1 - np.exp(-365 * total))
    found = 1 - fitted.predict(outputs)["tumour_survival_365"].numpy()
    # about 700 events of this cause by then: a relative error of 4 %
    assert np.abs(found - truth).mean() < 0.03


def test_one_cause_that_never_happens_elsewhere_is_cox():
    x, targets, _ = planted(3, n=200)
    cox = Cox(horizons_days=[300.0], ties="breslow", risk_sets="batch")
    event = torch.stack([targets[:, 0], (targets[:, 1] > 0).float()], dim=1)
    cox.finish(x[:, None], event)
    # all events split at random among two causes of one hazard: what is left is Cox's survival
    split = torch.where(targets[:, 1] > 0, 1 + torch.arange(200) % 2, 0).float()
    fitted = task(300.0)
    outputs = torch.stack([x, x], dim=1)
    fitted.finish(outputs, torch.stack([targets[:, 0], split], dim=1))
    found = fitted.predict(outputs)
    left = found["tumour_survival_300"] + found["other_survival_300"] - 1
    assert torch.allclose(left, cox.predict(x[:, None])["survival_300"], atol=1e-5)


@pytest.mark.parametrize("far", [-300.0, 300.0])
def test_far_log_hazards_stay_within_0_and_1(far):
    _, targets, _ = planted(4)
    fitted = task(100.0, 900.0)
    fitted.finish(torch.zeros(len(targets), 2), targets)
    found = fitted.predict(torch.tensor([[far, 0.0], [far, far], [0.0, far]]))
    for name in ("tumour_survival_100", "other_survival_900"):
        assert ((found[name] >= 0) & (found[name] <= 1)).all()


def test_steps_are_joined_and_travel():
    _, targets, _ = planted(5)
    fitted, other = task(900.0), task(900.0)
    fitted.finish(torch.randn(len(targets), 2), targets)
    assert fitted.days.shape == (STEPS,)
    assert fitted.days.isfinite().all()
    assert (fitted.days.diff() > 0).all()
    assert list(other.predict(torch.zeros(1, 2))) == ["tumour_risk", "other_risk"]
    other.load_state_dict(fitted.state_dict())
    x = torch.randn(3, 2)
    name = "tumour_survival_900"
    assert torch.equal(other.predict(x)[name], fitted.predict(x)[name])


def test_refused():
    with pytest.raises(TrainingError, match="no training patient has an event of cause other"):
        task(5.0).prepare(torch.tensor([[9.0, 1.0], [8.0, 0.0]]))
    with pytest.raises(TrainingError, match="Competing: horizon 50 days is beyond"):
        task(50.0).prepare(torch.tensor([[9.0, 1.0], [8.0, 2.0]]))
    with pytest.raises(ConfigError, match="expected two or more different names"):
        Competing(causes=["a", "a"], horizons_days=[5.0], ties="efron")
