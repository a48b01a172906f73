import torch
from torch.distributions import Normal, kl_divergence

from fusion.heads.product import ProductFusion, divergence, product
from fusion.testing.head_examples import DIMS, OUT, example


def built():
    torch.manual_seed(0)
    return ProductFusion(dims=DIMS, out_features=OUT, dim=4, beta=0.5)


def test_moments_are_those_of_the_product_of_densities():
    """On a grid: the densities multiplied, and scaled to sum to one."""
    draw = torch.Generator().manual_seed(0)
    means = torch.randn(6, 3, 1, generator=draw, dtype=torch.float64)
    precisions = 4.0 * torch.rand(6, 3, 1, generator=draw, dtype=torch.float64)
    precisions[0] = 0.0  # the prior alone
    precisions[1, :2] = 0.0
    grid = torch.linspace(-12, 12, 20_001, dtype=torch.float64)
    mean, variance = product(means, precisions)
    for i in range(6):
        logs = Normal(0.0, 1.0).log_prob(grid)
        for mu, sure in zip(means[i, :, 0], precisions[i, :, 0], strict=True):
            if sure > 0:
                logs = logs + Normal(mu, sure**-0.5).log_prob(grid)
        density = logs.softmax(dim=0)
        first = (density * grid).sum()
        second = (density * (grid - first).square()).sum()
        # the grid's step is 0.0012, its error of second order and Gaussian tails vanish
        torch.testing.assert_close(mean[i, 0], first, rtol=0, atol=1e-8)
        torch.testing.assert_close(variance[i, 0], second, rtol=0, atol=1e-8)


def test_the_divergence_is_torchs():
    draw = torch.Generator().manual_seed(0)
    mean, variance = torch.randn(5, 3, generator=draw), torch.rand(5, 3, generator=draw) + 0.1
    expected = kl_divergence(Normal(mean, variance.sqrt()), Normal(0.0, 1.0)).sum(dim=1)
    torch.testing.assert_close(divergence(mean, variance), expected)


def test_evaluation_takes_the_mean_and_draws_nothing():
    head, tokens = built().eval(), example()
    before = torch.get_rng_state()
    fused = head(tokens)
    assert torch.equal(before, torch.get_rng_state())
    mean, variance = product(*head.beliefs(tokens))
    torch.testing.assert_close(fused.outputs, head.out(mean))
    penalty = 0.5 * divergence(mean, variance).mean()
    torch.testing.assert_close(fused.penalties["kl"], penalty)


def test_training_draws_around_the_mean_with_the_variance_from_torchs_generator():
    head, tokens = built().train(), example()
    head.out = torch.nn.Identity()  # see z itself
    torch.manual_seed(1)
    draws = torch.stack([head(tokens).outputs for _ in range(500)])
    torch.manual_seed(1)
    assert torch.equal(head(tokens).outputs, draws[0])
    mean, variance = product(*head.beliefs(tokens))
    # five standard errors of 500 draws, of the largest of 64 numbers
    assert ((draws.mean(dim=0) - mean) / variance.sqrt()).abs().max() < 5 / 500**0.5
    assert (draws.var(dim=0) / variance - 1).abs().max() < 5 * (2 / 500) ** 0.5


def test_a_surer_modality_counts_for_more_and_any_modality_sharpens():
    head, tokens = built().eval(), example()
    nobody = ~torch.stack([t.present for t in tokens.values()]).any(dim=0)
    _, variance = product(*head.beliefs(tokens))
    assert (variance[nobody] == 1).all()
    assert (variance[~nobody] < 1).all()
    everyone = torch.stack([t.present for t in tokens.values()]).all(dim=0)
    before = head(tokens).attention["rna"][everyone]
    with torch.no_grad():
        head.precision["rna"][0].bias += 5.0
    assert (head(tokens).attention["rna"][everyone] > before).all()


def test_no_precision_overflows():
    head, tokens = built().eval(), example()
    with torch.no_grad():
        head.precision["rna"][0].bias += 1e30
    assert torch.isfinite(head(tokens).outputs).all()
    assert torch.isfinite(head(tokens).penalties["kl"])
