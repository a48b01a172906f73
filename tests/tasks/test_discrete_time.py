"""Intervals: where the edges lie, what a label becomes, how survival is read off."""

import math

import numpy as np
import pytest
import torch
from lifelines import KaplanMeierFitter

from fusion.errors import ConfigError, TrainingError
from fusion.tasks.discrete_time import DiscreteTime


@pytest.fixture
def task():
    """Edges at 0, 10, 20 and 40 days."""
    task = DiscreteTime(bins=3, horizons_days=[5.0, 20.0, 30.0, 40.0])
    task.prepare(torch.tensor([[10.0, 1.0], [1.0, 1.0], [20.0, 1.0], [40.0, 1.0], [50.0, 0.0]]))
    return task


def test_edges_are_quantiles_of_event_times(task):
    assert task.edges.tolist() == [0.0, 10.0, 20.0, 40.0]


@pytest.mark.parametrize(
    ("days", "event", "survived", "hit"),
    [
        (0.0, 1.0, 0, True),
        (10.0, 1.0, 0, True),  # an interval holds its right edge
        (10.5, 1.0, 1, True),
        (40.0, 1.0, 2, True),
        (41.0, 1.0, 3, False),  # after the last edge: came through all
        (4.9, 0.0, 0, False),
        (5.0, 0.0, 1, False),  # from the middle on counts as come through
        (29.0, 0.0, 2, False),
        (30.0, 0.0, 3, False),
        (99.0, 0.0, 3, False),
    ],
)
def test_labels(task, days, event, survived, hit):
    logits = torch.tensor([[-1.0, 0.3, 2.0]], dtype=torch.float64)
    hazard = logits.sigmoid()[0].tolist()
    likelihood = math.prod(1 - h for h in hazard[:survived]) * (hazard[survived] if hit else 1.0)
    loss = task.loss(logits, torch.tensor([[days, event]]))
    assert loss.item() == pytest.approx(-math.log(likelihood), rel=1e-12)


def test_survival_is_interpolated_in_its_logarithm(task):
    logits = torch.tensor([[-1.0, 0.3, 2.0]], dtype=torch.float64)
    alive = (1 - logits.sigmoid()[0]).tolist()
    p = {name: value.item() for name, value in task.predict(logits).items()}
    assert p["survival_5"] == pytest.approx(alive[0] ** 0.5)
    assert p["survival_20"] == pytest.approx(alive[0] * alive[1])
    assert p["survival_30"] == pytest.approx(alive[0] * alive[1] * alive[2] ** 0.5)
    assert p["survival_40"] == pytest.approx(math.prod(alive))
    h = [-math.log(a) for a in alive]
    assert p["risk"] == pytest.approx(3 * h[0] + 2 * h[1] + h[2])


def test_after_the_last_edge_survival_is_flat():
    task = DiscreteTime(bins=1, horizons_days=[10.0, 15.0])
    task.prepare(torch.tensor([[10.0, 1.0], [20.0, 0.0]]))
    p = task.predict(torch.randn(4, 1))
    assert torch.equal(p["survival_10"], p["survival_15"])


def test_every_logit_worsens_risk_and_survival(task):
    base = task.predict(torch.zeros(1, 3))
    for j in range(3):
        raised = torch.zeros(1, 3)
        raised[0, j] = 1.0
        assert task.predict(raised)["risk"] > base["risk"]
        assert task.predict(raised)["survival_40"] < base["survival_40"]


def test_extreme_logits_stay_finite(task):
    p = task.predict(torch.tensor([[200.0, 200.0, 200.0], [-200.0, -200.0, -200.0]]))
    assert all(value.isfinite().all() for value in p.values())
    assert p["survival_40"].tolist() == pytest.approx([0.0, 1.0])


def test_without_covariates_it_learns_the_kaplan_meier_curve():
    generator = np.random.default_rng(0)
    time = generator.exponential(300, 2000)
    event = generator.random(2000) < 0.7
    targets = torch.from_numpy(np.stack([time, event], axis=1)).float()
    task = DiscreteTime(bins=10, horizons_days=[100.0, 300.0, 600.0])
    task.prepare(targets)
    logits = torch.zeros(1, 10, requires_grad=True)
    optimizer = torch.optim.LBFGS([logits], max_iter=50)

    def step():
        optimizer.zero_grad()
        loss = task.loss(logits.expand(2000, -1), targets)
        loss.backward()
        return loss

    optimizer.step(step)
    curve = KaplanMeierFitter().fit(time, event).survival_function_at_times([100, 300, 600])
    prediction = task.predict(logits.detach())
    for name, expected in zip(task.names, curve, strict=True):
        # rounding censoring to whole intervals is the error left, under 0.02 with ten
        assert prediction[name].item() == pytest.approx(expected, abs=0.02)


def test_edges_travel_with_the_state(task):
    other = DiscreteTime(bins=3, horizons_days=[5.0, 20.0, 30.0, 40.0])
    other.load_state_dict(task.state_dict())
    assert torch.equal(other.edges, task.edges)


def test_before_prepare_it_refuses():
    task = DiscreteTime(bins=3, horizons_days=[5.0])
    with pytest.raises(TrainingError, match="no bin edges: call prepare, or load its state"):
        task.predict(torch.zeros(1, 3))
    with pytest.raises(TrainingError, match="no bin edges"):
        task.loss(torch.zeros(1, 3), torch.tensor([[1.0, 1.0]]))


def test_no_label_in_the_batch_gives_zero_with_a_gradient(task):
    outputs = torch.zeros(0, 3, requires_grad=True)
    loss = task.loss(outputs, torch.zeros(0, 2))
    loss.backward()
    assert loss.item() == 0.0


def test_too_few_days_for_the_bins_are_refused():
    task = DiscreteTime(bins=4, horizons_days=[3.0])
    with pytest.raises(TrainingError, match=r"5 training events fall on 2 days, too few .* 4 bins"):
        task.prepare(torch.tensor([[3.0, 1.0]] * 4 + [[5.0, 1.0]]))


def test_no_event_and_a_late_horizon_are_refused():
    task = DiscreteTime(bins=1, horizons_days=[5.0])
    with pytest.raises(TrainingError, match="DiscreteTime: no event among 1 training patients"):
        task.prepare(torch.tensor([[9.0, 0.0]]))
    with pytest.raises(TrainingError, match=r"horizon 5 days is beyond .* training, 3 days"):
        task.prepare(torch.tensor([[3.0, 1.0]]))


def test_no_bins_are_refused():
    with pytest.raises(ConfigError, match="bins is 0, expected 1 or more"):
        DiscreteTime(bins=0, horizons_days=[5.0])
