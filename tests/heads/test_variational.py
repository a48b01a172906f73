"""A stochastic bottleneck keeps every law of the head that it wraps, and costs what it should."""

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from fusion.heads.attention import AttentionFusion
from fusion.heads.early import EarlyFusion
from fusion.heads.product import ProductFusion
from fusion.heads.variational import LEAST, SHIFT, VariationalBottleneck, divergence
from fusion.testing.head_examples import DIMS, example
from fusion.testing.head_laws import HEAD_LAWS
from fusion.types import Tokens


def wrapped(head, dims=DIMS, out_features=3, factor=1.0, **more):
    inner = head(dims=dims, out_features=out_features, **more)
    return VariationalBottleneck(inner, dims=dims, factor=factor)


@pytest.mark.parametrize("law", HEAD_LAWS, ids=lambda law: law.__name__)
def test_every_law_holds(law):
    def build(*, dims, out_features):
        return wrapped(AttentionFusion, dims, out_features, dim=16, layers=1)

    law(build, tuple(DIMS))


def test_the_penalty_is_the_divergence_of_the_gaussians():
    """Patient by patient, token by token, with torch's closed form."""
    torch.manual_seed(0)
    head, tokens = wrapped(EarlyFusion, factor=0.25), example()
    modalities = []
    for name, t in tokens.items():
        mean, raw = head.gaussian[name](t.features).chunk(2, dim=2)
        deviation = torch.nn.functional.softplus(raw - SHIFT) + LEAST
        cost = kl_divergence(Normal(mean, deviation), Normal(0.0, 1.0)).sum(dim=2)
        patients = [cost[i][t.mask[i]].mean() for i in range(len(t)) if t.mask[i].any()]
        modalities.append(torch.stack(patients).mean())
    expected = 0.25 * torch.stack(modalities).mean()
    torch.testing.assert_close(head(tokens).penalties["bottleneck_kl"], expected)


def test_the_divergence_is_zero_only_for_the_prior():
    assert divergence(torch.zeros(1, 1, 4), torch.ones(1, 1, 4)).item() == 0.0
    draw = torch.Generator().manual_seed(0)
    mean, raw = torch.randn(2, 50, 2, 3, generator=draw)
    assert (divergence(mean, raw.abs() + 0.01) > 0).all()


def test_training_draws_around_the_mean_and_evaluation_takes_it():
    torch.manual_seed(0)
    seen = []
    head, one = wrapped(EarlyFusion), example()
    tokens = {
        m: Tokens(t.features[:1].expand(4000, -1, -1), t.mask[:1].expand(4000, -1))
        for m, t in one.items()
    }
    head.head.register_forward_pre_hook(lambda _, given: seen.append(given[0]["mri"].features))
    with torch.no_grad():
        head.gaussian["mri"].bias[DIMS["mri"] :] = SHIFT + 3.0  # a deviation of about 3
        head(tokens)
        state = torch.get_rng_state()
        outputs = [head.eval()(tokens).outputs for _ in range(2)]
        mean, raw = head.gaussian["mri"](tokens["mri"].features[0]).chunk(2, dim=1)
    assert torch.equal(*outputs)
    assert torch.equal(torch.get_rng_state(), state)
    drawn, taken = seen[0], seen[1]
    torch.testing.assert_close(taken, mean.expand_as(taken))
    # a mean of 4000 is known to 3 / 63, and a deviation to 1 %; four times over
    torch.testing.assert_close(drawn.mean(dim=0), mean, rtol=0.0, atol=0.2)
    deviation = torch.nn.functional.softplus(raw - SHIFT)
    torch.testing.assert_close(drawn.std(dim=0), deviation, rtol=0.05, atol=0.0)


def test_it_begins_near_the_plain_head():
    torch.manual_seed(0)
    head, tokens = wrapped(EarlyFusion, dropout=0.0), example()
    torch.testing.assert_close(
        head.train()(tokens).outputs, head.eval()(tokens).outputs, rtol=0.0, atol=0.05
    )


@pytest.mark.parametrize("scale", [0.0, 1e-20, 1e4])
def test_gradients_are_finite_whatever_the_tokens(scale):
    torch.manual_seed(0)
    head = wrapped(EarlyFusion)
    tokens = {m: Tokens(t.features * scale, t.mask) for m, t in example().items()}
    fused = head(tokens)
    (fused.outputs.square().mean() + fused.penalties["bottleneck_kl"]).backward()
    assert all(w.grad.isfinite().all() for w in head.parameters() if w.grad is not None)


def test_penalties_and_attention_of_the_head_are_kept():
    fused = wrapped(ProductFusion)(example())
    assert fused.penalties.keys() == {"kl", "bottleneck_kl"}
    assert fused.attention.keys() == DIMS.keys()


def test_a_strong_factor_forgets_what_the_outcome_does_not_need():
    """One of two features tells the outcome: the other one's mean no longer moves with it."""
    torch.manual_seed(0)
    dims = {"a": 2}
    inner = EarlyFusion(dims=dims, out_features=1, dim=8, hidden=8, dropout=0.0)
    head = VariationalBottleneck(inner, dims=dims, factor=0.02)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.04)
    for _ in range(150):
        x = torch.randn(64, 1, 2)
        fused = head({"a": Tokens(x, torch.ones(64, 1) > 0)})
        loss = (fused.outputs[:, 0] - x[:, 0, 0]).square().mean()
        optimizer.zero_grad()
        (loss + fused.penalties["bottleneck_kl"]).backward()
        optimizer.step()
    kept, forgotten = head.gaussian["a"].weight[:2].norm(dim=0).tolist()
    assert loss.item() < 0.3
    assert forgotten < kept / 5
