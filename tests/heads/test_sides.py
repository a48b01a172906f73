import torch

from fusion.heads.sides import Side, TwoSides
from fusion.types import Tokens


def test_a_side_is_gated_attention_over_what_is_real():
    torch.manual_seed(0)
    side, x = Side(dim=8, layers=0, heads=2, dropout=0.0).eval(), torch.randn(3, 5, 8)
    real = torch.tensor([[1, 0, 1, 1, 0], [0, 1, 0, 0, 0], [0, 0, 0, 0, 0]]) > 0
    pooled, weights = side(x, real)
    for i in range(2):
        h = side.norm(x[i][real[i]])
        gated = torch.tanh(side.content(h)) * torch.sigmoid(side.gate(h))
        share = side.score(gated)[:, 0].softmax(dim=0)
        torch.testing.assert_close(weights[i][real[i]], share)
        torch.testing.assert_close(pooled[i], side.last(share @ h))
    assert not weights[~real].any()
    torch.testing.assert_close(pooled[2], side.last(torch.zeros(8)))


def test_shares_are_those_of_the_modalities_read():
    torch.manual_seed(0)
    sides = TwoSides(
        names=["mri", "wsi"], out_features=2, dim=8, layers=1, heads=2, hidden=4, dropout=0.0
    )
    guide = Tokens(torch.randn(3, 2, 8), torch.ones(3, 2) > 0)
    answers = {m: torch.randn(3, 2, 8) for m in ("mri", "wsi")}
    present = {"mri": torch.tensor([True, True, False]), "wsi": torch.tensor([True, False, False])}
    looks = sides(guide, answers, present).attention
    assert list(looks) == ["mri", "wsi"]
    torch.testing.assert_close(looks["mri"] + looks["wsi"], torch.tensor([1.0, 1.0, 0.0]))
    assert looks["wsi"].tolist()[1:] == [0.0, 0.0]
    assert 0.0 < looks["wsi"][0] < 1.0
