"""Cross-entropy per patient, whatever else is in the batch."""

import pytest
import torch
from torch.nn import functional

from fusion.losses.cross_entropy import cross_entropy


def test_unit_weights_give_torchs_cross_entropy():
    logits, target = torch.randn(40, 3), torch.randint(0, 3, (40,))
    expected = functional.cross_entropy(logits, target)
    assert torch.allclose(cross_entropy(logits, target, torch.ones(3)), expected)


def test_a_batch_is_the_mean_of_its_patients():
    logits, target, weights = torch.randn(8, 3), torch.randint(0, 3, (8,)), torch.rand(3)
    each = [cross_entropy(logits[i : i + 1], target[i : i + 1], weights) for i in range(8)]
    assert torch.allclose(cross_entropy(logits, target, weights), torch.stack(each).mean())


def test_no_patients_give_zero_with_a_gradient():
    logits = torch.zeros(0, 3, requires_grad=True)
    loss = cross_entropy(logits, torch.zeros(0, dtype=torch.long), torch.ones(3))
    loss.backward()
    assert loss.item() == 0.0
    assert logits.grad is not None


@pytest.mark.parametrize("target", [-1, 3])
def test_a_class_out_of_range_is_refused(target):
    with pytest.raises(ValueError, match="expected 0 to 2"):
        cross_entropy(torch.zeros(1, 3), torch.tensor([target]), torch.ones(3))
