"""CORAL as a penalty: its two parts, and their weights."""

import pytest
import torch

from fusion.invariance.coral import Coral
from fusion.losses.coral import coral_loss, mean_loss
from fusion.types import Tokens


def test_it_is_the_losses_of_the_mean_tokens():
    draw = torch.Generator().manual_seed(0)
    found = Tokens(torch.randn(8, 3, 4, generator=draw), torch.rand(8, 3, generator=draw) > 0.2)
    centers = ["A"] * 4 + ["B"] * 4
    penalty = Coral(centers=centers, weight=2.0, means=0.5, patients=3)
    value = penalty({"rna": found}, centers, 0.0)
    number = torch.tensor([0] * 4 + [1] * 4)
    want = 2.0 * coral_loss(found.mean(), number, least=3).item()
    assert value["coral"].item() == pytest.approx(want)
    want = 0.5 * mean_loss(found.mean(), number, least=3).item()
    assert value["means"].item() == pytest.approx(want)
