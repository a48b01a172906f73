import pytest
import torch

from fusion.errors import ConfigError
from fusion.heads.cross_attention import CrossAttentionFusion
from fusion.testing.head_examples import DIMS, OUT, example


def answers(head, tokens):
    """What the last block gives, and the weights that it looked with."""
    seen = []
    handle = head.blocks[-1].register_forward_hook(lambda *call: seen.append(call[2]))
    head(tokens)
    handle.remove()
    return seen[0]


def test_queries_do_not_see_each_other_nor_tokens_each_other():
    """So the cost is linear in tokens: a score for each query and token, and no more."""
    torch.manual_seed(0)
    head = CrossAttentionFusion(dims=DIMS, out_features=OUT, queries=3, layers=2).eval()
    tokens = example()
    before, weights = answers(head, tokens)
    assert weights.shape == (len(before), 3, sum(t.mask.shape[1] for t in tokens.values()))
    with torch.no_grad():
        head.queries[1] += torch.randn(64)
    after, _ = answers(head, tokens)
    assert torch.equal(before[:, [0, 2]], after[:, [0, 2]])
    assert (before[:, 1] != after[:, 1]).any(dim=1).all()


def test_sizes_that_cannot_be_are_refused():
    with pytest.raises(ConfigError, match="head cross_attention: queries=0, layers=0; expected"):
        CrossAttentionFusion(dims=DIMS, out_features=OUT, queries=0, layers=0)
