"""The interval likelihood equals the product that defines it."""

import math

import pytest
import torch

from fusion.losses.discrete_time import discrete_time_loss


def test_equals_the_product_of_probabilities():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(300, 5, generator=generator, dtype=torch.float64)
    event = torch.rand(300, generator=generator) < 0.5
    top = torch.where(event, 5, 6)
    survived = (torch.rand(300, generator=generator) * top).long()
    hazard = 1 / (1 + (-logits).exp())
    logs = []
    for i in range(300):
        likelihood = math.prod(1 - float(h) for h in hazard[i, : survived[i]])
        if event[i]:
            likelihood *= float(hazard[i, survived[i]])
        logs.append(math.log(likelihood))
    expected = -sum(logs) / 300
    assert discrete_time_loss(logits, survived, event).item() == pytest.approx(expected, rel=1e-12)


def test_extreme_logits_stay_finite():
    logits = torch.tensor([[200.0, -200.0], [-200.0, 200.0]], requires_grad=True)
    loss = discrete_time_loss(logits, torch.tensor([1, 0]), torch.tensor([True, True]))
    loss.backward()
    assert loss.item() == pytest.approx((400 + 200) / 2)
    assert logits.grad.isfinite().all()


def test_a_patient_who_survived_nothing_and_none_at_all_give_zero():
    logits = torch.randn(2, 3, requires_grad=True)
    loss = discrete_time_loss(logits, torch.tensor([0, 0]), torch.tensor([False, False]))
    loss.backward()
    assert loss.item() == 0.0
    assert not logits.grad.any()
    empty = torch.zeros(0, 3, requires_grad=True)
    loss = discrete_time_loss(empty, torch.zeros(0, dtype=torch.long), torch.zeros(0).bool())
    loss.backward()
    assert loss.item() == 0.0


@pytest.mark.parametrize(("survived", "event"), [(-1, False), (3, False), (2, True)])
def test_counts_out_of_range_are_refused(survived, event):
    with pytest.raises(ValueError, match="for 2 intervals, events included; expected 0 to 2"):
        discrete_time_loss(torch.zeros(1, 2), torch.tensor([survived]), torch.tensor([event]))
