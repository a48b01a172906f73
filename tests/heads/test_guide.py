import pytest
import torch

from fusion.errors import ConfigError
from fusion.heads.coattention import CoattentionFusion
from fusion.heads.guide import Guide
from fusion.heads.pathway_attention import PathwayAttentionFusion
from fusion.heads.transport import TransportFusion
from fusion.testing.head_examples import DIMS, OUT, example

GUIDED = [CoattentionFusion, TransportFusion, PathwayAttentionFusion]


def test_learned_queries_stand_in_for_the_guide_and_count_for_nobody_else():
    torch.manual_seed(0)
    guide, tokens = Guide(width=DIMS["rna"], dim=4, queries=3), example()["rna"]
    asking = guide(tokens)
    for i, there in enumerate(tokens.present.tolist()):
        real = asking.features[i][asking.mask[i]]
        expected = guide.project(tokens.features[i][tokens.mask[i]]) if there else guide.absent
        torch.testing.assert_close(real, expected)


@pytest.mark.parametrize("head", GUIDED)
@pytest.mark.parametrize(
    ("dims", "guide"), [(DIMS, "ct"), ({"rna": 3}, "rna")], ids=["unknown", "alone"]
)
def test_a_guide_that_guides_nothing_is_refused(head, dims, guide):
    with pytest.raises(ConfigError, match=f"guide '{guide}', expected one of .*set head.guide"):
        head(dims=dims, out_features=OUT, guide=guide)


@pytest.mark.parametrize("head", GUIDED)
def test_no_query_is_refused(head):
    with pytest.raises(ConfigError, match="queries=0; expected at least 1"):
        head(dims=DIMS, out_features=OUT, guide="rna", queries=0)
