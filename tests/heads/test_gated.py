import torch

from fusion.heads.gated import GatedFusion
from fusion.testing.head_examples import DIMS, OUT, example
from fusion.types import Tokens


def built(dims=DIMS):
    torch.manual_seed(0)
    return GatedFusion(dims=dims, out_features=OUT, dim=8).eval()


def full(dims):
    draw = torch.Generator().manual_seed(0)
    ones = torch.ones(4, 1) > 0
    return {m: Tokens(torch.randn(4, 1, d, generator=draw), ones) for m, d in dims.items()}


def test_of_two_modalities_one_has_a_sigmoid_gate_and_the_other_the_rest():
    """The bimodal unit of the paper, whose one gate reads both."""
    dims = {"mri": 4, "rna": 3}
    head, tokens = built(dims), full(dims)
    a, b = tokens["mri"].mean(), tokens["rna"].mean()
    scores = (head.votes["mri"](a) + head.votes["rna"](b)).unflatten(1, (2, 8))
    gate = torch.sigmoid(scores[:, 0] - scores[:, 1])
    fused = gate * torch.tanh(head.hidden["mri"](a)) + (1 - gate) * torch.tanh(
        head.hidden["rna"](b)
    )
    result = head(tokens)
    torch.testing.assert_close(result.outputs, head.out(fused))
    torch.testing.assert_close(result.attention["mri"], gate.mean(dim=1))


def test_a_modality_alone_passes_whole():
    head, tokens = built(), example()
    for m in DIMS:
        alone = torch.stack([tokens[o].present == (o == m) for o in DIMS]).all(dim=0)
        assert alone.any()
        expected = head.out(torch.tanh(head.hidden[m](tokens[m].mean())))
        result = head(tokens)
        torch.testing.assert_close(result.outputs[alone], expected[alone])
        torch.testing.assert_close(result.attention[m][alone], torch.ones(int(alone.sum())))


def test_an_absent_modality_has_no_vote_not_even_its_bias():
    head, tokens = built(), example()
    before = head(tokens).outputs
    with torch.no_grad():
        head.votes["rna"].bias.copy_(3.0 * torch.randn(24, generator=torch.Generator()))
    moved = (head(tokens).outputs - before).abs().amax(dim=1) > 1e-6
    others = tokens["mri"].present | tokens["wsi"].present
    assert torch.equal(moved, tokens["rna"].present & others)
