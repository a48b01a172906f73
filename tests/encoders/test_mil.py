"""What each encoder of bags promises beyond the contract, against its formula, bag by bag."""

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from fusion.content_order import content_order
from fusion.encoders.clam import ClamEncoder
from fusion.encoders.dsmil import DsmilEncoder
from fusion.encoders.pooled import PooledEncoder
from fusion.encoders.prototypes import PrototypeEncoder
from fusion.encoders.tiles import TilesEncoder
from fusion.encoders.top_tiles import TopTilesEncoder
from fusion.errors import ConfigError, TrainingError
from fusion.types import Bags

LENGTHS = [4, 1, 30]


@pytest.fixture
def bags(pack):
    torch.manual_seed(0)
    return pack(LENGTHS)


def hidden(encoder, bags):
    return encoder.embed(bags.features).split(bags.lengths.tolist())


@pytest.mark.parametrize("pool", ["mean", "max"])
def test_pooling_is_what_it_is_called(pool, bags):
    encoder = PooledEncoder(features=6, dim=8, pool=pool).eval()
    for token, bag in zip(encoder(bags).features[:, 0], hidden(encoder, bags), strict=True):
        expected = bag.mean(dim=0) if pool == "mean" else bag.max(dim=0).values
        torch.testing.assert_close(token, expected)


def test_a_pool_that_does_not_exist():
    with pytest.raises(ConfigError, match="pool 'sum' does not exist, there are 'mean' and 'max'"):
        PooledEncoder(features=6, pool="sum")


def test_clam_asks_the_most_and_the_least_attended_tiles(bags):
    encoder = ClamEncoder(features=6, dim=8, attention_dim=4, dropout=0.0, instances=3)
    found = encoder(bags).penalties["instance"]
    losses = []
    for bag in hidden(encoder, bags):
        order = encoder.attend(bag, [len(bag)])[1].argsort()
        count = min(3, len(bag) // 2)
        scores = encoder.evidence(bag)[:, 0]
        for index, truth in ((order[len(bag) - count :], 1.0), (order[:count], 0.0)):
            for i in index:
                losses.append(binary_cross_entropy_with_logits(scores[i], torch.tensor(truth)))
    assert len(losses) == 2 * (2 + 0 + 3)
    torch.testing.assert_close(found, 0.3 * torch.stack(losses).mean())


def test_clam_has_no_penalty_for_bags_of_one_tile_or_outside_of_training(pack):
    encoder = ClamEncoder(features=6, dim=8, attention_dim=4)
    alone = encoder(pack([1, 1])).penalties["instance"]
    assert alone.item() == 0.0
    alone.backward()
    assert not encoder.eval()(pack([9])).penalties


def test_dsmil_is_its_formula(bags):
    encoder = DsmilEncoder(features=6, dim=8, query_dim=4, streams=2).eval()
    for tokens, bag in zip(encoder(bags).features, hidden(encoder, bags), strict=True):
        scores, query, value = encoder.score(bag), encoder.query(bag), encoder.value(bag)
        for k in range(2):
            m = int(scores[:, k].argmax())
            weights = torch.stack([(query[i] @ query[m]) / 4**0.5 for i in range(len(bag))])
            weights = weights.exp() / weights.exp().sum()
            pooled = sum(w * v for w, v in zip(weights, value, strict=True))
            expected = (pooled + torch.sigmoid(scores[m, k]) * bag[m]) / 2
            torch.testing.assert_close(tokens[k], expected)


def test_dsmil_weighs_a_copy_of_the_critical_tile_as_the_tile(pack):
    encoder = DsmilEncoder(features=6, dim=8, query_dim=4).eval()
    one = pack([1])
    many = Bags(one.features.repeat(5, 1), torch.tensor([0, 5]))
    torch.testing.assert_close(encoder(many).features, encoder(one).features)


def test_tiles_stay_in_the_order_of_the_bag(bags):
    encoder = TilesEncoder(features=6, dim=8, most=None).eval()
    tokens = encoder(bags)
    assert tokens.mask.sum(dim=1).tolist() == LENGTHS
    for i, bag in enumerate(hidden(encoder, bags)):
        assert torch.equal(tokens.features[i, : len(bag)], bag)


def test_tiles_are_drawn_anew_in_training_and_spread_in_evaluation(pack):
    bags = pack([1000])
    bags.features[:, 0] = torch.arange(1000.0)
    encoder = TilesEncoder(features=6, dim=8, most=100, dropout=0.0)

    def kept():
        chosen = encoder._chosen(bags.features)
        return chosen[:, 0]

    first, second = kept(), kept()
    assert bool((first.diff() > 0).all())
    assert not torch.equal(first, second)
    encoder.eval()
    assert torch.equal(kept(), kept())
    # one of every ten along the order of the content
    rank = torch.empty(1000, dtype=torch.long)
    rank[content_order(bags.features)] = torch.arange(1000)
    assert rank[kept().long()].tolist() == list(range(5, 1000, 10))


def test_content_decides_the_order_and_storage_does_not(pack):
    rows = pack([5000]).features
    turn = torch.randperm(5000)
    assert torch.equal(rows[content_order(rows)], rows[turn][content_order(rows[turn])])


def test_the_highest_scores_are_kept(bags):
    encoder = TopTilesEncoder(features=6, dim=8, most=3).eval()
    tokens = encoder(bags)
    assert tokens.mask.sum(dim=1).tolist() == [3, 1, 3]
    for i, bag in enumerate(hidden(encoder, bags)):
        scores = encoder.score(bag)[:, 0]
        best = scores.argsort(descending=True)[:3]
        expected = bag[best] * scores[best].sigmoid()[:, None]
        torch.testing.assert_close(tokens.features[i, : len(best)], expected)


@pytest.fixture
def kinds():
    """Two patients' tiles of three kinds, far apart: 30 of each, and 90 of the first kind only."""
    torch.manual_seed(0)
    centers = torch.tensor([[0.0] * 6, [9.0] * 6, [-9.0] * 6])
    first = torch.cat([center + torch.randn(30, 6) for center in centers])
    return centers, Bags(torch.cat([first, torch.randn(90, 6)]), torch.tensor([0, 90, 180]))


def test_prototypes_are_the_planted_kinds(kinds):
    centers, bags = kinds
    encoder = PrototypeEncoder(features=6, dim=8, prototypes=3)
    encoder.fit([bags], seed=0)
    place = torch.cdist(centers, encoder.mean).argmin(dim=1)
    # 30 tiles or more of variance 1: the standard error of a mean is 0.18
    torch.testing.assert_close(encoder.mean[place], centers, atol=0.6, rtol=0)
    torch.testing.assert_close(encoder.share[place], torch.tensor([4 / 6, 1 / 6, 1 / 6]))
    shares = torch.stack([encoder._kinds(bag)[place, 0] for bag in bags.features.split(90)])
    torch.testing.assert_close(
        shares, torch.tensor([[1 / 3] * 3, [1.0, 0.0, 0.0]]), atol=1e-3, rtol=0
    )


def test_a_kind_that_a_slide_lacks_looks_as_in_training(kinds):
    centers, bags = kinds
    encoder = PrototypeEncoder(features=6, dim=8, prototypes=3)
    encoder.fit([bags], seed=0)
    lacking = torch.cdist(centers, encoder.mean).argmin(dim=1)[1:]
    found = encoder._kinds(bags.features[90:])[lacking]
    torch.testing.assert_close(found, torch.zeros_like(found), atol=1e-3, rtol=0)


def test_a_slide_is_one_step_of_expectation_maximisation(kinds):
    """Against the densities of torch, tile by tile; the training kind counts as one tile."""
    _, bags = kinds
    encoder = PrototypeEncoder(features=6, dim=8, prototypes=3)
    encoder.fit([bags], seed=0)
    bag = bags.features[:40] / 2  # between the kinds
    normal = torch.distributions.Normal(encoder.mean, encoder.variance.sqrt())
    density = encoder.share.log() + torch.stack([normal.log_prob(t).sum(dim=1) for t in bag])
    posterior = density.softmax(dim=1)
    for k, found in enumerate(encoder._kinds(bag)):
        weights = torch.cat([posterior[:, k], torch.ones(1)])[:, None]
        mean = (weights * torch.cat([bag, encoder.mean[k : k + 1]])).sum(dim=0) / weights.sum()
        squares = torch.cat([bag**2, (encoder.variance[k] + encoder.mean[k] ** 2)[None]])
        variance = (weights * squares).sum(dim=0) / weights.sum() - mean**2
        moved = (mean - encoder.mean[k]) / encoder.variance[k].sqrt()
        spread = (variance / encoder.variance[k]).log()
        expected = torch.cat([posterior[:, k].mean()[None], moved, spread])
        torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-3)


def test_prototypes_come_from_the_seed_and_must_be_fitted(kinds):
    _, bags = kinds
    encoder, again = (PrototypeEncoder(features=6, prototypes=3, tiles=20) for _ in range(2))
    with pytest.raises(ConfigError, match="not fitted yet"):
        encoder(bags)
    for one in (encoder, again):
        one.fit([bags], seed=5)
    assert torch.equal(encoder.mean, again.mean)
    with pytest.raises(TrainingError, match="2 training tiles for 3 prototypes"):
        PrototypeEncoder(features=6, prototypes=3, tiles=1).fit([bags], seed=0)
