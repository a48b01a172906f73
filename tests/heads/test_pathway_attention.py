import torch

from fusion.heads.pathway_attention import PathwayAttentionFusion
from fusion.testing.head_examples import DIMS, OUT, example
from fusion.types import Tokens


def built(dims=DIMS, **more):
    torch.manual_seed(0)
    head = PathwayAttentionFusion(dims=dims, out_features=OUT, guide="rna", **more).eval()
    torch.nn.init.normal_(head.attention.in_proj_bias)
    return head


def test_equals_full_attention_in_which_no_tile_looks_at_a_tile():
    head, tokens = built(dim=16, heads=2), example()
    guide = head.guide(tokens["rna"])
    read = Tokens(torch.randn(len(guide), 9, 16), torch.rand(len(guide), 9) < 0.7)
    p, h = head._look(guide, read)
    x = torch.cat([guide.features, read.features], dim=1)
    real = torch.cat([guide.mask, read.mask], dim=1)
    tile = torch.arange(x.shape[1]) >= guide.mask.shape[1]
    normed = head.norm(x)
    found, weights = head.attention(
        normed, normed, normed, attn_mask=tile[:, None] & tile, key_padding_mask=~real
    )
    assert not weights[:, tile][:, :, tile].any()
    both = torch.cat([p, h], dim=1)
    torch.testing.assert_close(both[real], (x + found)[real], rtol=0.0, atol=1e-6)


def test_a_tile_reaches_another_only_through_pathways():
    """With one layer not at all: what a tile becomes depends on itself and on pathways."""
    head = built(dim=16)
    guide = Tokens(torch.randn(1, 3, 16), torch.ones(1, 3) > 0)
    tiles = torch.randn(1, 5, 16)
    other = tiles.clone()
    other[0, 2] += 1.0
    (p, h), (p_other, h_other) = (
        head._look(guide, Tokens(x, torch.ones(1, 5) > 0)) for x in (tiles, other)
    )
    same = torch.tensor([0, 1, 3, 4])
    assert torch.equal(h[:, same], h_other[:, same])
    assert (h[:, 2] != h_other[:, 2]).all()
    assert (p != p_other).any(dim=2).all()


def test_no_other_modality_leaves_the_pathways_alone():
    """Pathways then look at themselves, learned vectors stand for the rest."""
    head, tokens = built(), example()
    gone = {m: Tokens(t.features, t.mask & (m == "rna")) for m, t in tokens.items()}
    guide = head.guide(tokens["rna"])
    p = head.norm(guide.features)
    found, _ = head.attention(p, p, p, key_padding_mask=~guide.mask)
    mean = Tokens(head._each(guide.features + found), guide.mask).mean()
    rest = head.absent.flatten().expand(len(mean), -1)
    expected = head.out(torch.cat([mean, rest], dim=1))
    torch.testing.assert_close(head(gone).outputs, expected, rtol=1e-5, atol=1e-6)
