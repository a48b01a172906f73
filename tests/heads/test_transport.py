import pytest
import torch

from fusion.errors import ConfigError
from fusion.heads.sinkhorn import unbalanced_plan
from fusion.heads.transport import TransportFusion
from fusion.testing.head_examples import DIMS, OUT, example
from fusion.types import Tokens


def built(dims=DIMS, **more):
    torch.manual_seed(0)
    return TransportFusion(dims=dims, out_features=OUT, guide="rna", **more).eval()


def test_answers_equal_their_definition_patient_by_patient():
    head, tokens = built(), example()
    guide = head.guide(tokens["rna"])
    for m in ("mri", "wsi"):
        answers = head._answer(m, guide, tokens[m])
        for i in tokens[m].present.nonzero()[:, 0].tolist():
            x = head.project[m](tokens[m].features[i][tokens[m].mask[i]])
            g = guide.features[i][guide.mask[i]]
            cost = (x[:, None] - g).square().sum(dim=2)
            plan = unbalanced_plan(
                (cost / cost.max())[None],
                torch.ones(1, len(x)) > 0,
                torch.ones(1, len(g)) > 0,
                epsilon=0.1,
                tau=0.5,
                iterations=20,
            )[0]
            # float32, squared distances by another formula
            expected = len(g) * plan.T @ x
            torch.testing.assert_close(answers[i][guide.mask[i]], expected, rtol=1e-4, atol=1e-5)


def test_micro_batches_come_near_to_the_plan_of_the_whole():
    """Kinds of tiles are dealt evenly, so that a part is a small copy of the whole."""
    torch.manual_seed(1)
    kinds = torch.randn(5, 8)
    tiles = kinds[torch.randint(5, (600,))] + 0.1 * torch.randn(600, 8)
    real = torch.ones(1, 600) > 0
    dims = {"rna": 3, "wsi": 8}
    tokens = {
        "rna": Tokens(torch.randn(1, 4, 3), real[:, :4]),
        "wsi": Tokens(tiles[None], real),
    }
    whole, parts = (built(dims, micro_batch=n) for n in (600, 100))
    guide = whole.guide(tokens["rna"])
    one, other = (head._answer("wsi", guide, tokens["wsi"])[:, :4] for head in (whole, parts))
    assert not torch.equal(one, other)
    # 100 of 600 tiles: a tenth of the size of an answer
    assert (one - other).norm() < 0.1 * one.norm()


def test_each_token_of_the_guide_gets_its_own_kind_of_tile():
    """Of two kinds, each near one gene token; softmax lets both tokens ask for one, a plan not."""
    head = built({"rna": 2, "wsi": 2}, dim=4, tau=100.0, epsilon=0.01, iterations=200)
    with torch.no_grad():
        for layer in (head.project["wsi"], head.guide.project):
            layer.weight.copy_(torch.eye(4, 2))
            layer.bias.zero_()
    kinds = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    tiles = kinds.repeat(20, 1)[None]
    genes = torch.tensor([[[1.0, 0.0], [0.8, 0.3]]])  # both nearer to the first kind
    guide = head.guide(Tokens(genes, torch.ones(1, 2) > 0))
    answers = head._answer("wsi", guide, Tokens(tiles, torch.ones(1, 40) > 0))[0, :2, :2]
    torch.testing.assert_close(answers, kinds, rtol=0.0, atol=0.02)


def test_the_plan_is_a_constant_of_the_gradient():
    head, tokens = built(), example()
    guide = head.guide(tokens["rna"])
    answers = head._answer("wsi", guide, tokens["wsi"])
    for weight, slope in zip(
        head.guide.parameters(),
        torch.autograd.grad(answers.sum(), list(head.guide.parameters()), allow_unused=True),
        strict=True,
    ):
        assert slope is None, weight.shape


@pytest.mark.parametrize("wrong", [{"epsilon": 0.0}, {"tau": -1.0}])
def test_weights_that_cannot_be_are_refused(wrong):
    with pytest.raises(ConfigError, match=r"head transport: epsilon=.*expected both above 0"):
        built(**wrong)


def test_sizes_that_cannot_be_are_refused():
    with pytest.raises(ConfigError, match="transport: micro_batch=0; expected at least 1"):
        built(micro_batch=0)
