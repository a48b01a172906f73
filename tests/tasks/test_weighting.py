"""Several losses become one."""

import math

import pytest
import torch

from fusion.errors import ConfigError
from fusion.tasks.weighting import FixedWeights, LearnedWeights


def test_fixed_weights_add_up_what_is_there():
    weights = FixedWeights(weights={"a": 2.0, "b": 0.5})
    assert weights({"b": torch.tensor(4.0), "a": torch.tensor(1.0)}).item() == 4.0
    assert weights({"b": torch.tensor(4.0)}).item() == 2.0


def fit(losses, tasks, limit=3.0):
    weights = LearnedWeights(tasks=tasks, limit=limit)
    optimizer = torch.optim.Adam(weights.parameters(), lr=0.05)
    for _ in range(2000):
        optimizer.zero_grad()
        weights(losses).backward()
        optimizer.step()
    return weights.log_variance.tolist()


def test_learned_weights_find_the_optimum():
    # d/ds (exp(-s) L + s / 2) = 0 at s = log 2L; shared/golden/golden3.json mtl.kendall_cls
    losses = {"b": torch.tensor(3.0), "a": torch.tensor(0.2)}
    assert fit(losses, ["b", "a"]) == pytest.approx([math.log(0.4), math.log(6.0)], abs=1e-3)


def test_a_loss_of_zero_cannot_draw_its_weight_to_infinity():
    (s,) = fit({"a": torch.tensor(0.0)}, ["a"], limit=2.0)
    assert -2.0 <= s < -1.5


def test_a_task_without_labels_keeps_its_weight():
    weights = LearnedWeights(tasks=["a", "b"])
    weights({"a": torch.tensor(1.0)}).backward()
    assert weights.raw.grad[1] == 0.0
    assert weights.raw.grad[0] != 0.0


def test_order_never_matters():
    losses = {"a": torch.tensor(1.0), "b": torch.tensor(5.0)}
    for weights in (FixedWeights(weights={"a": 1.0, "b": 3.0}), LearnedWeights(tasks=["b", "a"])):
        backwards = dict(reversed(losses.items()))
        assert weights(losses) == weights(backwards)


@pytest.mark.parametrize("weights", [FixedWeights(weights={"a": 1.0}), LearnedWeights(tasks=["a"])])
def test_unknown_tasks_and_no_loss_are_refused(weights):
    with pytest.raises(ConfigError, match=r"tasks \['z'\] have no weight; known are \['a'\]"):
        weights({"z": torch.tensor(1.0)})
    with pytest.raises(ValueError, match="no loss to weigh"):
        weights({})


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_bad_fixed_weights_are_refused(weight):
    with pytest.raises(ConfigError, match="expected finite numbers, 0 or more"):
        FixedWeights(weights={"a": weight})


@pytest.mark.parametrize(("tasks", "limit"), [([], 3.0), (["a", "a"], 3.0), (["a"], 0.0)])
def test_bad_learned_weights_are_refused(tasks, limit):
    with pytest.raises(ConfigError, match="expected different names and a limit above 0"):
        LearnedWeights(tasks=tasks, limit=limit)
