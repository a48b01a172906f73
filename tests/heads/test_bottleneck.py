import pytest
import torch

from fusion.errors import ConfigError
from fusion.heads.bottleneck import BottleneckFusion
from fusion.testing.head_examples import DIMS, OUT, example
from fusion.types import Tokens

SHARED = 2


def rows(head, tokens):
    """What the block of `mri` is given, in each layer."""
    seen = []
    handles = [
        layer["mri"].register_forward_pre_hook(lambda _, args: seen.append(args[0].detach()))
        for layer in head.layers
    ]
    head(tokens)
    for handle in handles:
        handle.remove()
    return seen


def test_modalities_know_of_each_other_through_the_shared_tokens_alone():
    torch.manual_seed(0)
    head = BottleneckFusion(dims=DIMS, out_features=OUT, dim=8, bottleneck=SHARED, layers=3).eval()
    tokens = example()
    wsi = Tokens(tokens["wsi"].features + 1.0, tokens["wsi"].mask)
    one, other = rows(head, tokens), rows(head, {**tokens, "wsi": wsi})
    assert torch.equal(one[0], other[0])
    # after a layer the shared tokens have read the slide, the own ones have not
    have = tokens["wsi"].present
    assert torch.equal(one[1][:, SHARED:], other[1][:, SHARED:])
    assert torch.equal((one[1][:, :SHARED] != other[1][:, :SHARED]).flatten(1).any(dim=1), have)
    # after two the own ones have read the shared ones
    moved = (one[2][:, SHARED:] != other[2][:, SHARED:]).flatten(1).any(dim=1)
    assert torch.equal(moved, have)


def test_no_shared_token_is_refused():
    with pytest.raises(ConfigError, match="head bottleneck: bottleneck=0; expected at least 1"):
        BottleneckFusion(dims=DIMS, out_features=OUT, bottleneck=0)
