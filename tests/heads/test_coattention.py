import torch
from torch.autograd.graph import saved_tensors_hooks

from fusion.heads.coattention import CoattentionFusion
from fusion.testing.head_examples import DIMS, OUT, example
from fusion.types import Tokens


def built(dims=DIMS, **more):
    torch.manual_seed(0)
    head = CoattentionFusion(dims=dims, out_features=OUT, guide="rna", **more).eval()
    with torch.no_grad():
        for weight in head.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    return head


def plain(head, name, asking, x):
    """softmax(Q K' / sqrt(d)) V of one patient, as it stands in the paper."""
    q, k, v = head.query(asking), head.key[name](x), head.value[name](x)
    return (q @ k.T / q.shape[1] ** 0.5).softmax(dim=1) @ v


def test_what_is_read_equals_the_plain_formula():
    head, tokens = built().double(), example()
    tokens = {m: Tokens(t.features.double(), t.mask) for m, t in tokens.items()}
    guide = head.guide(tokens["rna"])
    for m in ("mri", "wsi"):
        answers = head._answer(m, head.query(guide.features), tokens[m])
        for i in tokens[m].present.nonzero()[:, 0].tolist():
            x = tokens[m].features[i][tokens[m].mask[i]]
            expected = plain(head, m, guide.features[i], x)
            # the same in exact arithmetic: only double rounding is left
            torch.testing.assert_close(answers[i], expected, rtol=1e-12, atol=1e-12)


def test_single_precision_and_gradients_agree_with_the_plain_formula():
    """On a bag of 2,000 tiles, to the 1e-6 that single precision leaves."""
    head = built({"rna": 6, "wsi": 48}, dim=32)
    wsi = torch.randn(1, 2000, 48, requires_grad=True)
    query = torch.randn(1, 5, 32)
    read = Tokens(wsi, torch.ones(1, 2000) > 0)
    lean = head._answer("wsi", head.query(query), read)[0]
    full = plain(head, "wsi", query[0], wsi[0])
    torch.testing.assert_close(lean, full, rtol=0.0, atol=1e-6)
    weights = [*head.key.parameters(), *head.value.parameters(), head.query.weight, wsi]
    for a, b in zip(
        torch.autograd.grad(lean.square().sum(), weights, retain_graph=True),
        torch.autograd.grad(full.square().sum(), weights),
        strict=True,
    ):
        # sums of 2,000 terms in another order
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


def test_nothing_of_the_size_of_the_tiles_is_kept():
    """Beside the tiles: a few numbers for each tile and token of the guide."""
    tiles, width, asking = 3000, 64, 3
    head = built({"rna": 6, "wsi": width}, dim=32, queries=1)
    wsi = torch.randn(1, tiles, width, requires_grad=True)
    real = torch.ones(1, tiles) > 0
    kept = {}

    def pack(t):
        storage = t.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return t

    with saved_tensors_hooks(pack, lambda t: t):
        head({"rna": Tokens(torch.randn(1, asking, 6), real[:, :asking]), "wsi": Tokens(wsi, real)})
    kept.pop(wsi.untyped_storage().data_ptr())
    for weight in head.parameters():
        kept.pop(weight.untyped_storage().data_ptr(), None)
    scores = tiles * (asking + 1) * 4
    # softmax, its product with the mask, the mask; what does not grow with tiles is the rest
    assert sum(kept.values()) < 3 * scores + 100_000 < tiles * width * 4


def test_a_query_finds_the_tile_that_it_asks_for():
    """One tile in a thousand is what a gene token asks for; the answer is that tile's value."""
    head = built({"rna": 4, "wsi": 4}, dim=4, queries=1)
    with torch.no_grad():
        for layer in (head.query, head.key["wsi"], head.value["wsi"]):
            layer.weight.copy_(torch.eye(4))
        head.query.bias.zero_()
        head.value["wsi"].bias.zero_()
    tiles = 0.1 * torch.randn(1, 1000, 4)
    tiles[0, 700] = torch.tensor([0.0, 10.0, 0.0, 0.0])
    query = torch.tensor([[[0.0, 10.0, 0.0, 0.0], [-10.0, 0.0, 0.0, 0.0]]])
    answer = head._answer("wsi", query, Tokens(tiles, torch.ones(1, 1000) > 0))
    # a score of 10 * 10 / 2 against at most 10 * 0.4 / 2 of a thousand others
    torch.testing.assert_close(answer[0, 0], tiles[0, 700], rtol=0.0, atol=1e-4)
    assert answer[0, 1].abs().max() < 1.0
