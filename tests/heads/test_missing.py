import torch

from fusion.heads.attention import AttentionFusion
from fusion.heads.missing import LearnedMissing
from fusion.testing.head_examples import DIMS, OUT, example
from fusion.types import Tokens


def test_the_head_sees_the_learned_token_exactly_where_a_modality_is_absent():
    torch.manual_seed(0)
    inner = AttentionFusion(dims=DIMS, out_features=OUT, dim=16).eval()
    head, tokens = LearnedMissing(inner, dims=DIMS).eval(), example()
    filled = {}
    for m, t in tokens.items():
        features, mask = t.features.clone(), t.mask.clone()
        features[~t.present, 0] = head.absent[m].detach()
        mask[~t.present, 0] = True
        filled[m] = Tokens(features, mask)
    assert torch.equal(head(tokens).outputs, inner(filled).outputs)
    for m, t in tokens.items():
        share, given = head(tokens).attention[m], inner(filled).attention[m]
        assert torch.equal(share[t.present], given[t.present])
        assert not share[~t.present].any()
