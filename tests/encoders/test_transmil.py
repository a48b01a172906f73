"""Attention among tiles, and its approximation."""

from functools import partial

import pytest
import torch

from fusion.content_order import content_order
from fusion.encoders.nystrom import nystrom, pseudo_inverse
from fusion.encoders.self_attention import SelfAttention, exact
from fusion.encoders.transmil import TransmilEncoder
from fusion.errors import ConfigError


def brute_force(block, x, asking):
    """Vaswani 2017, head by head and query by query."""
    n, dim = x.shape
    normed = block.norm(x)
    query, (key, value) = block.query(normed), block.key_value(normed).chunk(2, dim=1)
    width = dim // block.heads
    answers = []
    for i in range(asking):
        heads = []
        for h in range(block.heads):
            part = slice(h * width, (h + 1) * width)
            weights = torch.stack([query[i, part] @ key[j, part] / width**0.5 for j in range(n)])
            heads.append(weights.softmax(dim=0) @ value[:, part])
        answers.append(x[i] + block.out[0](torch.cat(heads)))
    return torch.stack(answers)


@pytest.mark.parametrize("asking", [1, 7])
def test_self_attention_is_its_formula(asking):
    torch.manual_seed(0)
    block = SelfAttention(dim=12, heads=3, dropout=0.0)
    x = torch.randn(7, 12)
    torch.testing.assert_close(block(x[None], asking=asking)[0], brute_force(block, x, asking))


def test_heads_divide_the_width():
    with pytest.raises(ConfigError, match="dim is 10, expected a multiple of the 3 heads"):
        SelfAttention(dim=10, heads=3, dropout=0.0)


def test_pseudo_inverse_is_that_of_a_singular_value_decomposition():
    """Of a kernel as attention has it: strong on the diagonal."""
    torch.manual_seed(0)
    kernel = (torch.randn(2, 3, 16, 16) + 6 * torch.eye(16)).softmax(dim=3)
    expected = torch.linalg.pinv(kernel)
    torch.testing.assert_close(pseudo_inverse(kernel), expected, atol=1e-3, rtol=1e-3)


def test_a_patient_starts_its_inverse_from_its_own_matrix():
    torch.manual_seed(0)
    kernels = torch.stack([torch.rand(8, 8), 100 * torch.rand(8, 8)])
    assert torch.equal(pseudo_inverse(kernels)[0], pseudo_inverse(kernels[:1])[0])


def test_as_many_landmarks_as_positions_are_attention_itself():
    torch.manual_seed(0)
    q, k, v = (3 * torch.randn(1, 2, 20, 4, dtype=torch.float64) for _ in range(3))
    invert = partial(nystrom, landmarks=19)
    torch.testing.assert_close(invert(q, k, v), exact(q, k, v), atol=0.05, rtol=0)


def test_tiles_of_few_kinds_are_approximated_well():
    """Eight kinds with noise: far closer than what the mean of all values would be."""
    torch.manual_seed(0)
    kinds = 2 * torch.randn(8, 64)
    x = kinds[torch.randint(0, 8, (600,))] + torch.randn(600, 64)
    x = x[content_order(x)]
    q, k, v = (0.3 * x @ torch.randn(3, 64, 32) / 8).unflatten(2, (2, 16)).transpose(1, 2)
    q, k, v = q[None], k[None], v[None]
    answer = exact(q, k, v)
    flat = v.mean(dim=2, keepdim=True).expand_as(v)
    error = (nystrom(q, k, v, landmarks=64) - answer).norm()
    assert error < 0.5 * (flat - answer).norm()


@pytest.mark.parametrize(("tiles", "calls"), [(10, 0), (11, 1)])
def test_the_declared_rule_decides_bag_by_bag(tiles, calls, pack):
    torch.manual_seed(0)
    encoder = TransmilEncoder(features=6, dim=8, heads=2, landmarks=4, exact_up_to=10).eval()
    seen = []

    def spy(*parts):
        seen.append(parts[0].shape[2])
        return nystrom(*parts, landmarks=4)

    encoder.approximate = spy
    encoder(pack([tiles, 3]))
    assert seen == [tiles + 1] * calls  # the first of two layers; the class token is one more


def test_a_layer_at_least():
    with pytest.raises(ConfigError, match="layers is 0"):
        TransmilEncoder(features=6, layers=0)
