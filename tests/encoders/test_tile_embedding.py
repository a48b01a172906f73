"""Linear, ReLU and dropout in one: the same numbers and gradients as the three layers."""

import pytest
import torch

from fusion.encoders.dropout import keep_mask
from fusion.encoders.tile_embedding import ROWS, TileEmbedding

CPU = torch.device("cpu")


@pytest.mark.parametrize("rows", [1, 7, ROWS + 3])
def test_value_and_gradient_equal_the_layers(rows):
    torch.manual_seed(0)
    embed = TileEmbedding(features=5, dim=4, dropout=0.0).double()
    x = torch.randn(rows, 5, dtype=torch.float64, requires_grad=True)
    mix = torch.randn(rows, 4, dtype=torch.float64)
    wanted = [x, *embed.parameters()]
    plain = torch.relu(torch.nn.functional.linear(x, embed.linear.weight, embed.linear.bias))
    torch.testing.assert_close(embed(x), plain)
    mine = torch.autograd.grad((embed(x) * mix).square().sum(), wanted)
    theirs = torch.autograd.grad((plain * mix).square().sum(), wanted)
    for a, b in zip(mine, theirs, strict=True):
        torch.testing.assert_close(a, b)


def test_what_was_dropped_has_no_gradient_and_the_rest_is_scaled():
    torch.manual_seed(0)
    embed = TileEmbedding(features=5, dim=64, dropout=0.5)
    embed.linear.weight.data.zero_()
    embed.linear.bias.data.fill_(1.0)  # every unit is above zero: only dropout makes a zero
    out = embed(torch.zeros(200, 5))
    assert set(out.unique().tolist()) == {0.0, 2.0}
    out.sum().backward()
    torch.testing.assert_close(embed.linear.bias.grad, out.detach().sum(dim=0))


def test_a_frozen_layer_still_passes_the_gradient_on():
    embed = TileEmbedding(features=5, dim=4, dropout=0.0).requires_grad_(False)
    x = torch.randn(3, 5, requires_grad=True)
    embed(x).sum().backward()
    assert bool(x.grad.any())
    assert embed.linear.weight.grad is None


@pytest.mark.parametrize("p", [0.1, 0.25, 0.9])
def test_the_share_that_is_kept_and_the_mean(p):
    """A million draws: four standard deviations of the share are 0.002 at most."""
    torch.manual_seed(0)
    keep, factor = keep_mask((1000, 1001), p, CPU)
    assert keep.float().mean().item() == pytest.approx(1 - p, abs=0.002)
    assert factor == pytest.approx(1 / (1 - p), rel=1e-3)


def test_masks_follow_the_seed_and_neighbours_are_independent():
    torch.manual_seed(3)
    first, _ = keep_mask((400, 400), 0.5, CPU)
    second, _ = keep_mask((400, 400), 0.5, CPU)
    torch.manual_seed(3)
    assert torch.equal(first, keep_mask((400, 400), 0.5, CPU)[0])
    # 160,000 draws: the standard error of a share of 1/2 is 0.00125; five of them
    flat = first.flatten().float()
    for other in (second.flatten().float(), flat.roll(1), flat.roll(4)):
        assert (flat == other).float().mean().item() == pytest.approx(0.5, abs=0.00625)


def test_almost_everything_can_be_dropped():
    keep, factor = keep_mask((3,), 1 - 1e-9, CPU)
    assert factor == 2**16
    assert keep.shape == (3,)
