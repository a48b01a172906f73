import pytest
import torch

from fusion.errors import ConfigError
from fusion.heads.attention import AttentionFusion
from fusion.testing.head_examples import DIMS, OUT, example
from fusion.types import Tokens


@pytest.mark.parametrize("layers", [1, 3])
def test_shares_sum_to_one_over_those_present(layers):
    tokens = example()
    shares = (
        AttentionFusion(dims=DIMS, out_features=OUT, dim=8, layers=layers).eval()(tokens).attention
    )
    present = torch.stack([tokens[m].present for m in sorted(DIMS)])
    stacked = torch.stack([shares[m] for m in sorted(DIMS)])
    # a softmax in float32
    torch.testing.assert_close(stacked.sum(0), present.any(0).float(), rtol=0, atol=1e-6)
    assert torch.equal(stacked > 0, present)


def test_shares_follow_the_class_token_when_all_tokens_look_alike():
    """With keys that all are equal, attention is uniform: a share counts a modality's tokens."""
    head = AttentionFusion(dims={"a": 2, "b": 2}, out_features=1, dim=4, heads=2, layers=1).eval()
    with torch.no_grad():
        head.blocks[0].attention.in_proj_weight[:8] = 0.0
        head.blocks[0].attention.in_proj_bias[:8] = 0.0
    ones = torch.ones(1, 3, 2)
    shares = head(
        {"a": Tokens(ones, torch.tensor([[1, 1, 1]]) > 0), "b": Tokens(ones, ones[..., 0] < 0)}
    ).attention
    assert shares["a"].item() == pytest.approx(1.0)
    shares = head(
        {
            "a": Tokens(ones, torch.tensor([[1, 1, 1]]) > 0),
            "b": Tokens(ones[:, :1], ones[:, :1, 0] > 0),
        }
    ).attention
    assert shares["a"].item() == pytest.approx(0.75)


def test_a_class_token_that_reads_only_itself_leaves_finite_shares():
    head = AttentionFusion(dims={"a": 2}, out_features=1, dim=4, heads=1, layers=1).eval()
    with torch.no_grad():
        # the query is the class token's own key and nobody else's, so all other weights underflow
        head.class_token.copy_(torch.tensor([1.0, -1.0, 1.0, -1.0]))
        head.project["a"].weight.zero_()
        head.project["a"].bias.copy_(torch.tensor([-1.0, 1.0, -1.0, 1.0]))
        head.modality.zero_()
        head.blocks[0].attention.in_proj_weight[:8] = 50.0 * torch.eye(4).repeat(2, 1)
    tokens = {"a": Tokens(torch.zeros(1, 1, 2), torch.ones(1, 1) > 0)}
    fused = head(tokens)
    assert torch.isfinite(fused.attention["a"]).all()
    fused.attention["a"].sum().backward()
    assert all(w.grad is None or torch.isfinite(w.grad).all() for w in head.parameters())


def test_settings_that_cannot_be_are_refused():
    with pytest.raises(ConfigError, match="layers=0, dim=8, heads=4; expected at least one layer"):
        AttentionFusion(dims=DIMS, out_features=1, dim=8, layers=0)
    with pytest.raises(ConfigError, match="a dim that the heads divide"):
        AttentionFusion(dims=DIMS, out_features=1, dim=10, heads=4)
