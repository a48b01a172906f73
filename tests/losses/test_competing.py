"""The loss of competing events equals the product of the causes' partial likelihoods."""

import math

import pytest
import torch

from fusion.losses.competing import cause_specific_loss
from fusion.losses.cox import cox_loss


def table(seed, n=50):
    generator = torch.Generator().manual_seed(seed)
    time = torch.randint(1, 12, (n,), generator=generator).double()  # ties within and across causes
    cause = torch.randint(0, 3, (n,), generator=generator)
    return torch.randn(n, 2, generator=generator, dtype=torch.float64), time, cause


def test_equals_brute_force_in_any_order():
    outputs, time, cause = table(0)
    total, events = 0.0, 0
    for i in range(50):
        if cause[i]:
            k = int(cause[i]) - 1
            at_risk = [math.exp(outputs[j, k]) for j in range(50) if time[j] >= time[i]]
            total += math.log(sum(at_risk)) - float(outputs[i, k])
            events += 1
    assert cause_specific_loss(outputs, time, cause).item() == pytest.approx(total / events)
    order = torch.randperm(50)
    shuffled = cause_specific_loss(outputs[order], time[order], cause[order])
    assert shuffled.item() == pytest.approx(total / events, rel=1e-12)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_one_cause_alone_is_cox(ties):
    outputs, time, cause = table(1)
    one = torch.where(cause == 2, 0, cause)
    found = cause_specific_loss(outputs, time, one, ties=ties)
    assert found.item() == pytest.approx(cox_loss(outputs[:, 0], time, one == 1, ties=ties).item())


def test_no_event_is_nothing_and_far_outputs_are_finite():
    outputs, time, cause = table(2)
    outputs = (outputs * 1e4).requires_grad_()
    cause_specific_loss(outputs, time, cause).backward()
    assert outputs.grad.isfinite().all()
    nothing = cause_specific_loss(outputs, time, torch.zeros_like(cause))
    outputs.grad = None
    nothing.backward()
    assert nothing.item() == 0.0
    assert not outputs.grad.any()


def test_a_cause_without_a_column_is_refused():
    with pytest.raises(ValueError, match="causes run from 1 to 3, expected 0 to 2"):
        cause_specific_loss(torch.zeros(2, 2), torch.ones(2), torch.tensor([1, 3]))
