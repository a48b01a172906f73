"""Ordered classes learn, and are checked like any others."""

import pytest
import torch

from fusion.errors import ConfigError, TrainingError
from fusion.tasks.ordinal import Ordinal


def test_learns_the_shares_of_the_classes():
    task = Ordinal(classes=["2", "3", "4"])
    targets = torch.tensor([0] * 2 + [1] * 3 + [2] * 5, dtype=torch.float32).unsqueeze(1)
    task.prepare(targets)
    logits = torch.zeros(1, task.out_features, requires_grad=True)
    optimizer = torch.optim.LBFGS([logits], max_iter=100)

    def step():
        optimizer.zero_grad()
        loss = task.loss(logits.expand(10, -1), targets)
        loss.backward()
        return loss

    optimizer.step(step)
    prediction = {name: p.item() for name, p in task.predict(logits.detach()).items()}
    # the optimum of a likelihood without covariates is the empirical share
    assert prediction == pytest.approx({"2": 0.2, "3": 0.3, "4": 0.5}, abs=1e-3)


def test_absent_class_is_refused():
    with pytest.raises(TrainingError, match="no training patient has class 3"):
        Ordinal(classes=["2", "3", "4"]).prepare(torch.tensor([[0.0], [2.0]]))


def test_one_class_is_refused():
    with pytest.raises(ConfigError, match=r"classes \['2'\]: expected two or more"):
        Ordinal(classes=["2"])
