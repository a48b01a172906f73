import pytest
import torch

from fusion.heads.late import LateFusion
from fusion.testing.head_examples import DIMS, OUT, example


def built(gated):
    torch.manual_seed(0)
    head = LateFusion(dims=DIMS, out_features=OUT, hidden=8, gated=gated).eval()
    with torch.no_grad():
        head.scores.copy_(torch.tensor([2.0, -1.0, 0.5]))
        head.prior.fill_(7.0)
    return head


@pytest.mark.parametrize("gated", [False, True])
def test_the_result_is_the_convex_combination_of_the_votes_of_those_present(gated):
    head, tokens = built(gated), example()
    fused = head(tokens)
    present = torch.stack([tokens[m].present for m in DIMS])
    total = torch.stack([fused.attention[m] for m in DIMS]).sum(dim=0)
    # a softmax in float32
    torch.testing.assert_close(total, present.any(dim=0).float(), rtol=0, atol=1e-6)
    expected = (~present.any(dim=0)).float()[:, None] * 7.0
    for m in DIMS:
        assert (fused.attention[m] >= 0).all()
        assert not fused.attention[m][~tokens[m].present].any()  # exactly nothing
        vote = head.predictors[m](tokens[m].mean())
        expected = expected + fused.attention[m][:, None] * vote
    torch.testing.assert_close(fused.outputs, expected, rtol=1e-5, atol=1e-6)


def test_a_modality_alone_is_its_own_vote():
    head, tokens = built(gated=False), example()
    others = tokens["rna"].present | tokens["wsi"].present
    alone = tokens["mri"].present & ~others
    vote = head.predictors["mri"](tokens["mri"].mean())
    assert alone.any()
    torch.testing.assert_close(head(tokens).outputs[alone], vote[alone])


def test_weights_depend_on_the_patient_only_where_gated():
    tokens = example()
    everyone = torch.stack([tokens[m].present for m in DIMS]).all(dim=0)
    assert everyone.sum() == 2
    fixed = built(gated=False)(tokens).attention["mri"][everyone]
    gated = built(gated=True)(tokens).attention["mri"][everyone]
    # softmax of the scores, sorted by name: mri, rna, wsi
    share = torch.tensor([2.0, -1.0, 0.5]).softmax(dim=0)[0]
    torch.testing.assert_close(fixed, share.expand(2))
    assert gated[0] != gated[1]
