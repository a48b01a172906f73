"""Ordered classes: probabilities that are consistent, and their cross-entropy."""

import pytest
import torch

from fusion.losses.ordinal import ordinal_loss, ordinal_probabilities


def test_probabilities_add_up_and_cumulate_in_order():
    logits = torch.randn(100, 4, dtype=torch.float64) * 20
    p = ordinal_probabilities(logits)
    assert torch.allclose(p.sum(dim=1), torch.ones(100, dtype=torch.float64))
    reached = p.flip(1).cumsum(1).flip(1)  # P(class >= k) never rises with k
    assert (reached.diff(dim=1) <= 1e-15).all()


def test_loss_is_the_cross_entropy_of_the_probabilities():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(50, 3, generator=generator, dtype=torch.float64)
    target = torch.randint(0, 4, (50,), generator=generator)
    expected = -ordinal_probabilities(logits)[torch.arange(50), target].log().mean()
    assert ordinal_loss(logits, target).item() == pytest.approx(expected.item(), rel=1e-12)


def test_a_step_beyond_the_class_never_matters():
    logits = torch.randn(1, 3, requires_grad=True)
    ordinal_loss(logits, torch.tensor([0])).backward()
    assert logits.grad[0, 0] != 0
    assert not logits.grad[0, 1:].any()


def test_extreme_logits_and_no_patients():
    logits = torch.tensor([[200.0, -200.0]], requires_grad=True)
    loss = ordinal_loss(logits, torch.tensor([2]))
    loss.backward()
    assert loss.item() == pytest.approx(200)
    assert logits.grad.isfinite().all()
    empty = torch.zeros(0, 2, requires_grad=True)
    loss = ordinal_loss(empty, torch.zeros(0, dtype=torch.long))
    loss.backward()
    assert loss.item() == 0.0


@pytest.mark.parametrize("target", [-1, 3])
def test_a_class_out_of_range_is_refused(target):
    with pytest.raises(ValueError, match="expected 0 to 2"):
        ordinal_loss(torch.zeros(1, 2), torch.tensor([target]))
