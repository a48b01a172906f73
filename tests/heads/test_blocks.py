import pytest
import torch

from fusion.errors import ConfigError
from fusion.heads.blocks import CrossBlock, SelfBlock

DIM = 6


def by_hand(attention, asking, read):
    """softmax_one(Q K' / sqrt(d)) V of one head, and its weights."""
    weight, bias = attention.in_proj_weight.split(DIM), attention.in_proj_bias.split(DIM)
    q, k, v = (x @ w.T + b for x, w, b in zip((asking, read, read), weight, bias, strict=True))
    raised = (q @ k.T / DIM**0.5).exp()
    weights = raised / (1 + raised.sum(dim=1, keepdim=True))
    return attention.out_proj(weights @ v), weights


def drawn(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def test_torchs_zero_key_is_softmax_one():
    torch.manual_seed(0)
    block = CrossBlock(dim=DIM, heads=1, dropout=0.0).eval()
    torch.nn.init.normal_(block.attention.in_proj_bias)
    asking, read, real = drawn(1, 2, DIM), drawn(1, 5, DIM), torch.tensor([[1, 0, 1, 1, 0]]) > 0
    answer, weights = block(asking, read, real, look=True)
    read = block.norm_read(read[:, real[0]])[0]
    found, looks = by_hand(block.attention, block.norm_asking(asking)[0], read)
    expected = asking[0] + found
    # float32 sums in another order
    torch.testing.assert_close(answer[0], expected + block.feed(expected), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(weights[0][:, real[0]], looks, rtol=1e-5, atol=1e-6)
    assert not weights[0][:, ~real[0]].any()
    assert (weights.sum(dim=2) < 1).all()


@pytest.mark.parametrize("softmax_one", [False, True])
def test_the_first_of_a_sequence_get_what_all_get(softmax_one):
    torch.manual_seed(0)
    block = SelfBlock(dim=DIM, heads=2, dropout=0.0, softmax_one=softmax_one).eval()
    x, real = drawn(3, 5, DIM), torch.tensor([[1, 1, 0, 1, 0]]).expand(3, 5) > 0
    few, weights = block(x, real, asking=2, look=True)
    everything, none = block(x, real, asking=5)
    assert none is None
    torch.testing.assert_close(few, everything[:, :2])
    assert weights.shape == (3, 2, 5)
    total = weights.sum(dim=2)
    assert (total < 1).all() if softmax_one else torch.allclose(total, torch.ones(3, 2))


def test_with_nothing_to_read_all_weight_is_on_nothing_and_gradients_are_finite():
    block = CrossBlock(dim=DIM, heads=2, dropout=0.0)
    asking = drawn(1, 2, DIM).requires_grad_()
    answer, weights = block(asking, drawn(1, 3, DIM), torch.zeros(1, 3) > 0, look=True)
    assert not weights.any()
    answer.sum().backward()
    assert all(torch.isfinite(w.grad).all() for w in block.parameters() if w.grad is not None)


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(ConfigError, match="dim=6 with heads=4; expected a dim that the heads"):
        CrossBlock(dim=DIM, heads=4, dropout=0.0)
