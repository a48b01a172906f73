"""What a patient lacks is as if the head had never heard of it."""

from functools import partial

import pytest
import torch

from fusion.heads.bottleneck import BottleneckFusion
from fusion.heads.cross_attention import CrossAttentionFusion
from fusion.heads.dynamic import DynamicFusion
from fusion.heads.latent import LatentFusion
from fusion.heads.pooled import PooledFusion
from fusion.heads.product import ProductFusion
from fusion.heads.shared_unique import SharedUniqueFusion
from fusion.testing.head_examples import DIMS, OUT, example
from fusion.types import Tokens

HEADS = {
    "pooled, mean": PooledFusion,
    "pooled, maximum": partial(PooledFusion, how="max"),
    "dynamic": DynamicFusion,
    "product": ProductFusion,
    "latent": LatentFusion,
    "bottleneck": BottleneckFusion,
    "cross attention": CrossAttentionFusion,
    "shared and unique": SharedUniqueFusion,
}


@pytest.mark.parametrize("lacking", sorted(DIMS))
@pytest.mark.parametrize("name", HEADS)
def test_absent_is_as_if_never_configured(name, lacking):
    torch.manual_seed(0)
    head = HEADS[name](dims=DIMS, out_features=OUT).eval()
    others = {m: d for m, d in DIMS.items() if m != lacking}
    smaller = HEADS[name](dims=others, out_features=OUT).eval()
    weights = head.state_dict()
    smaller.load_state_dict({k: weights[k] for k in smaller.state_dict()})
    tokens = example()
    gone = Tokens(tokens[lacking].features, torch.zeros_like(tokens[lacking].mask))
    whole = head({**tokens, lacking: gone})
    part = smaller({m: tokens[m] for m in others})
    # float32 sums in another order
    torch.testing.assert_close(whole.outputs, part.outputs, rtol=1e-5, atol=1e-6)
    for m in others:
        torch.testing.assert_close(whole.attention[m], part.attention[m], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", HEADS)
def test_shares_sum_to_one_over_those_present(name):
    torch.manual_seed(0)
    tokens = example()
    looks = HEADS[name](dims=DIMS, out_features=OUT).eval()(tokens).attention
    stacked = torch.stack([looks[m] for m in DIMS])
    present = torch.stack([tokens[m].present for m in DIMS])
    # a sum of three in float32
    torch.testing.assert_close(stacked.sum(0), present.any(0).float(), rtol=0, atol=1e-6)
    assert not stacked[~present].any()
    assert (stacked >= 0).all()
