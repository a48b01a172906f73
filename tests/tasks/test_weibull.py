"""Weibull: starts at the training patients, and learns what was planted."""

import numpy as np
import pytest
import torch
from lifelines import WeibullFitter

from fusion.errors import TrainingError
from fusion.tasks.weibull import Weibull


def planted(seed, n=2000, effect=0.8, shape=1.6):
    generator = np.random.default_rng(seed)
    x = generator.normal(size=n)
    died = 500 * np.exp(effect * x) * generator.weibull(shape, n)
    last = generator.uniform(100, 2000, n)
    targets = np.stack([np.minimum(died, last), died <= last], axis=1)
    return torch.from_numpy(x).float(), torch.from_numpy(targets).float()


def test_an_output_of_zero_is_the_training_patients_curve():
    _, targets = planted(0)
    task = Weibull(horizons_days=[200.0, 900.0])
    task.prepare(targets)
    fitted = WeibullFitter().fit(targets[:, 0].numpy(), targets[:, 1].numpy())
    found = task.predict(torch.zeros(1, 1))
    expected = fitted.survival_function_at_times([200, 900]).to_numpy()
    assert found["survival_200"].item() == pytest.approx(expected[0], abs=1e-4)
    assert found["survival_900"].item() == pytest.approx(expected[1], abs=1e-4)
    assert found["risk"].item() == 0.0


def test_what_was_planted_is_learned():
    x, targets = planted(1)
    task, line = Weibull(horizons_days=[365.0]), torch.nn.Linear(1, 1)
    task.prepare(targets)
    # without a line search every sixth random start runs away
    learned = [*task.parameters(), *line.parameters()]
    optimizer = torch.optim.LBFGS(learned, max_iter=30, line_search_fn="strong_wolfe")

    def step():
        optimizer.zero_grad()
        loss = task.loss(line(x[:, None]), targets)
        loss.backward()
        return loss

    optimizer.step(step)
    # 1,300 events: standard errors of effect and log shape are about 0.02
    assert line.weight.item() == pytest.approx(0.8, abs=0.08)
    assert (task.start[1] + task.change).item() == pytest.approx(np.log(1.6), abs=0.08)
    survival = task.predict(line(torch.zeros(1, 1)))["survival_365"].item()
    assert survival == pytest.approx(np.exp(-((365 / 500) ** 1.6)), abs=0.05)


def test_a_longer_life_is_a_lower_risk_on_every_day():
    task = Weibull(horizons_days=[10.0, 400.0, 1000.0])
    task.prepare(planted(2)[1])
    found = task.predict(torch.linspace(-300, 300, 61)[:, None])
    survival = torch.stack([found[name] for name in task.names])
    assert survival.isfinite().all()
    assert (survival.diff(dim=0) <= 0).all()
    assert (survival.diff(dim=1) >= 0).all()
    assert (found["risk"].diff() < 0).all()


def test_state_travels_and_is_needed():
    task, other = Weibull(horizons_days=[100.0]), Weibull(horizons_days=[100.0])
    with pytest.raises(TrainingError, match="Weibull has no scale yet"):
        other.predict(torch.zeros(1, 1))
    task.prepare(planted(3)[1])
    other.load_state_dict(task.state_dict())
    x = torch.randn(3, 1)
    assert not any(value.requires_grad for value in task.predict(x).values())
    assert torch.equal(other.predict(x)["risk"], task.predict(x)["risk"])


def test_a_day_of_zero_counts_as_half_a_day():
    task = Weibull(horizons_days=[100.0])
    task.prepare(planted(4)[1])
    at = [task.loss(torch.zeros(1, 1), torch.tensor([[t, 1.0]])).item() for t in (0.0, 0.5)]
    assert at[0] == at[1]


def test_training_labels_are_checked():
    with pytest.raises(TrainingError, match="Weibull: no event among 2 training patients"):
        Weibull(horizons_days=[5.0]).prepare(torch.tensor([[9.0, 0.0], [8.0, 0.0]]))
    with pytest.raises(TrainingError, match="Weibull: no Weibull curve fits"):
        Weibull(horizons_days=[5.0]).prepare(torch.tensor([[9.0, 1.0], [9.0, 1.0]]))
