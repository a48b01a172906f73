"""Pools of predictions: equal to their formula, and fitted to what was planted."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from fusion.heads.columns import Columns
from fusion.heads.ensemble import EnsembleFusion
from fusion.heads.pool_fit import fit_scale, fit_stack, fit_weights, order_statistics
from fusion.heads.pools import RankAverage, Stacked, WeightedMean
from fusion.losses.cox import cox_loss
from fusion.losses.cross_entropy import cross_entropy
from fusion.losses.ordinal import ordinal_probabilities
from fusion.testing.head_examples import DIMS, example

COLUMNS = [Columns("classes", 3), Columns("plain", 1), Columns("steps", 2)]
MODALITIES = 3


def drawn(seed=0, n=60):
    """Votes, and who has what: every pattern, nobody included."""
    draw = torch.Generator().manual_seed(seed)
    votes = 2 * torch.randn(n, MODALITIES, 6, generator=draw)
    there = torch.rand(n, MODALITIES, generator=draw) < 0.6
    there[0], there[1] = True, False
    return votes, there


def test_the_mean_is_that_of_the_probabilities_of_those_present():
    votes, there = drawn()
    pool = WeightedMean(modalities=MODALITIES, columns=COLUMNS)
    pool.center[:, 3] = torch.tensor([1.0, -2.0, 0.5])
    pool.weights.copy_(torch.tensor([[0.5], [0.3], [0.2]]).expand(-1, 6))
    pool.prior.fill_(7.0)
    pooled = pool(votes, there)
    for i in range(len(votes)):
        mine = [m for m in range(MODALITIES) if there[i, m]]
        if not mine:
            assert (pooled[i] == 7.0).all()
            continue
        weights = torch.stack([pool.weights[m, 0] for m in mine])
        weights = weights / weights.sum()
        for at, probabilities in (
            (slice(0, 3), lambda x: x.softmax(dim=1)),
            (slice(4, 6), ordinal_probabilities),
        ):
            expected = weights @ probabilities(votes[i, mine, at])
            found = probabilities(pooled[i : i + 1, at])[0]
            torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)
        expected = weights @ (votes[i, mine, 3] - pool.center[mine, 3])
        torch.testing.assert_close(pooled[i, 3], expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "change", [torch.exp, lambda x: x**3, lambda x: 5 * x - 9], ids=["exp", "cube", "scale"]
)
def test_ranks_do_not_know_the_scale_of_a_model(change):
    votes, there = drawn()
    train, _ = drawn(seed=1, n=200)
    plain = [Columns("plain", 6)]
    changed = votes.clone(), train.clone()
    for table in changed:
        table[:, 1] = change(table[:, 1])
    found = []
    for known, new in ((train, votes), changed[::-1]):
        pool = RankAverage(modalities=MODALITIES, columns=plain)
        pool.knots.copy_(
            torch.stack([torch.stack([*map(order_statistics, k.T)]) for k in known.unbind(dim=1)])
        )
        found.append(pool(new, there))
    torch.testing.assert_close(*found, rtol=0, atol=0)
    assert (found[0][~there.any(dim=1)] == 0.5).all()


def test_a_rank_is_the_share_of_training_patients_below():
    train = torch.randn(37, generator=torch.Generator().manual_seed(0))
    pool = RankAverage(modalities=1, columns=[Columns("plain", 1)])
    pool.knots[0, 0] = order_statistics(train)
    new = torch.tensor([-9.0, 0.1, float(train[4]), 9.0])
    found = pool(new[:, None, None], torch.ones(4, 1, dtype=torch.bool))[:, 0]
    below = (train[None] < new[:, None]).float() + 0.5 * (train[None] == new[:, None]).float()
    # 1000 order statistics of 37 patients stand for each of them by 27 or 28
    torch.testing.assert_close(found, below.mean(dim=1), rtol=0, atol=2e-3)


def test_a_stacked_sum_leaves_out_who_is_absent():
    votes, there = drawn()
    pool = Stacked(modalities=MODALITIES, columns=[Columns("plain", 6)])
    pool.coefficients.copy_(torch.randn(MODALITIES, 1).expand(-1, 6))
    pool.center.fill_(0.3)
    pool.shift.fill_(-1.0)
    z = (pool.coefficients * (votes - 0.3)).masked_fill(~there[:, :, None], 0.0)
    torch.testing.assert_close(pool(votes, there), z.sum(dim=1) - 1.0, rtol=1e-5, atol=1e-5)
    share = pool.say(there)
    assert not share[~there].any()
    torch.testing.assert_close(share.sum(dim=1), there.any(dim=1).float(), rtol=0, atol=1e-6)


def test_who_was_not_trained_alone_has_no_say():
    head, tokens = EnsembleFusion(dims=DIMS, out_features=2).eval(), example()
    head.member[head.names.index("rna")] = False
    before = head(tokens)
    for parameter in head.predictors["rna"].parameters():
        parameter.data.add_(1.0)
    torch.testing.assert_close(head(tokens).outputs, before.outputs, rtol=0, atol=0)
    assert not before.attention["rna"].any()


def classes(seed, n=400):
    """Two models, of whom only the second knows, and the truth."""
    draw = torch.Generator().manual_seed(seed)
    truth = (torch.rand(n, generator=draw) < 0.5).long()
    votes = 1.5 * torch.randn(n, 2, 2, generator=draw)
    votes[:, 1, 1] += 3.0 * (truth - 0.5)
    votes[:, 1, 0] -= 3.0 * (truth - 0.5)
    return votes, torch.ones(n, 2, dtype=torch.bool), truth


def test_weights_go_to_the_model_that_knows():
    votes, there, truth = classes(0)
    there[::5, 1] = False  # some have the other one alone

    def weigh(ridge, labels=truth):
        return fit_weights(
            votes,
            there,
            torch.zeros(2, 2),
            "classes",
            lambda x: cross_entropy(x, labels, torch.ones(2)),
            ridge=ridge,
        )

    found = weigh(0.01)
    assert found.sum() == pytest.approx(1.0)
    assert (found > 0).all()
    assert found[1] > 0.85
    assert weigh(1e6)[1] == pytest.approx(0.5, abs=1e-3)  # drawn to the mean


def test_stacking_recovers_the_coefficients_that_made_the_labels():
    draw = torch.Generator().manual_seed(0)
    n = 8000
    votes = torch.randn(n, 3, 2, generator=draw)
    there = torch.rand(n, 3, generator=draw) < 0.8
    z = votes.log_softmax(dim=2)
    moved = (z - z.mean(dim=0)) * there[:, :, None]
    planted = torch.tensor([1.2, 0.0, -0.7])
    odds = ((moved[..., 1] - moved[..., 0]) * planted).sum(dim=1) + 0.4
    truth = (torch.rand(n, generator=draw) < odds.sigmoid()).long()

    def loss(x):
        return cross_entropy(x, truth, torch.ones(2))

    found, shift = fit_stack(z, there, z.mean(dim=0), "classes", loss, ridge=1e-6)
    # the standard error of a coefficient of a logistic regression on 8000 patients is 0.02
    torch.testing.assert_close(found.float(), planted, rtol=0, atol=0.08)
    assert float(shift[1] - shift[0]) == pytest.approx(0.4, abs=0.1)
    plain = LogisticRegression(C=1e6, tol=1e-8).fit(
        (moved[..., 1] - moved[..., 0]).numpy(), truth.numpy()
    )
    np.testing.assert_allclose(found.numpy(), plain.coef_[0], rtol=0, atol=1e-3)


def survival(risk, draw):
    days = torch.distributions.Exponential(risk.exp().clamp(1e-6, 1e6)).icdf(
        torch.rand(len(risk), generator=draw)
    )
    event = torch.rand(len(risk), generator=draw) < 0.7
    return lambda x: cox_loss(x[:, 0], days, event, ties="breslow")


def test_stacking_recovers_the_coefficients_of_hazards():
    draw = torch.Generator().manual_seed(0)
    votes, there = torch.randn(4000, 2, 1, generator=draw), torch.ones(4000, 2).bool()
    planted = torch.tensor([0.9, -0.4])
    loss = survival(votes[..., 0] @ planted, draw)
    found, shift = fit_stack(votes, there, torch.zeros(2, 1), "plain", loss, ridge=1e-6)
    # the standard error of a coefficient is about 1 / sqrt(2800 events) = 0.02
    torch.testing.assert_close(found.float(), planted, rtol=0, atol=0.08)
    assert not shift.any()
    lost = fit_stack(votes, there, torch.zeros(2, 1), "plain", loss, ridge=1e6)[0]
    assert lost.abs().max() < 1e-3


def test_the_scale_of_ranks_never_turns_their_order():
    draw = torch.Generator().manual_seed(0)
    ranks = torch.rand(500, 1, generator=draw)
    slope, _ = fit_scale(ranks, survival(3 * ranks[:, 0], draw), kind="plain", ridge=1e-4)
    assert float(slope) == pytest.approx(3.0, abs=0.6)  # standard error 1 / sqrt(350 / 12) = 0.2
    slope, _ = fit_scale(ranks, survival(-3 * ranks[:, 0], draw), kind="plain", ridge=1e-4)
    assert 0 < float(slope) < 0.05
