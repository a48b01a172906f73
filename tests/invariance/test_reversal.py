"""The identity forward, the gradient times -strength backward."""

import pytest
import torch

from fusion.invariance.reversal import reverse


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0, 2.5])
def test_forward_is_the_identity_and_backward_its_negative(strength):
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(5, 3, generator=draw, requires_grad=True)
    upstream = torch.randn(5, 3, generator=draw)
    y = reverse(x, strength)
    y.backward(upstream)
    assert torch.equal(y, x)
    assert torch.equal(x.grad, -strength * upstream)


def test_the_input_stays_as_it_was():
    """A view that is changed in place afterwards would change the tokens that the head reads."""
    x = torch.ones(2, 2)
    assert reverse(x, 1.0) is not x
    reverse(x, 1.0)
    assert torch.equal(x, torch.ones(2, 2))
