"""Gradient blending: the closed form, and the state that training carries."""

import pytest
import torch

from fusion.errors import ConfigError
from fusion.penalties.blending import STEADIEST, Blending, blend
from fusion.types import Tokens

DIMS = {"rna": 3, "mri": 5}


def built(**more):
    given = {"dims": DIMS, "out_features": 2, "every": 3, "least": 0.05, "seed": 0}
    return Blending(**given | more)


def losses(train, val):
    return torch.tensor([train, val], dtype=torch.float64)


BEFORE = losses([1.0, 1.0, 1.0], [1.0, 1.0, 1.0])


def test_it_is_generalisation_over_squared_overfitting():
    now = losses([0.5, 0.2, 0.4], [0.8, 0.9, 0.6])
    # G: .2 .1 .4; O: .3 .7 .2; G / O^2: 2.222 .2041 10
    raw = [0.2 / 0.3**2, 0.1 / 0.7**2, 0.4 / 0.2**2]
    expected = [r / sum(raw) for r in raw]
    assert blend(BEFORE, now, least=0.0).tolist() == pytest.approx(expected)


def test_the_overfitting_that_was_there_before_does_not_count():
    now = losses([0.5, 0.2, 0.4], [0.8, 0.9, 0.6])
    shift = losses([0.0, 0.0, 0.0], [3.0, 0.0, 1.0])
    torch.testing.assert_close(
        blend(BEFORE + shift, now + shift, least=0.0), blend(BEFORE, now, least=0.0)
    )


def test_a_modality_that_overfits_gets_the_least_weight():
    """Its training loss falls furthest and its validation loss hardly, or it rises."""
    for val in (0.98, 1.5):
        weights = blend(BEFORE, losses([0.05, 0.7, 0.7], [val, 0.75, 0.75]), least=0.05)
        assert weights.argmin() == 0
        assert weights[0].item() == pytest.approx(0.05, abs=0.001)


@pytest.mark.parametrize("seed", range(20))
def test_weights_sum_to_one_and_none_is_below_the_least(seed):
    draw = torch.Generator().manual_seed(seed)
    before, now = torch.rand(2, 2, 5, generator=draw, dtype=torch.float64)
    weights = blend(before, now, least=0.1)
    assert weights.sum().item() == pytest.approx(1.0)
    assert (weights >= 0.1 - 1e-12).all()


def test_the_order_of_the_losses_goes_with_them():
    draw = torch.Generator().manual_seed(1)
    before, now = torch.rand(2, 2, 4, generator=draw, dtype=torch.float64)
    order = torch.tensor([2, 0, 3, 1])
    turned = blend(before[:, order], now[:, order], least=0.02)
    torch.testing.assert_close(turned, blend(before, now, least=0.02)[order])


def test_a_gap_of_nearly_nothing_is_taken_for_chance():
    now = losses([0.5, 0.5, 0.0], [0.5 + 1e-9, 0.6, 1.0 - 1e-3])
    weights = blend(BEFORE, now, least=0.0)
    floor = STEADIEST * (1.0 - 1e-3)
    assert (weights[0] / weights[1]).item() == pytest.approx((0.5 / floor**2) / (0.4 / 0.1**2))
    no_gap = blend(BEFORE, losses([0.5, 0.75, 1.0], [0.5, 0.75, 1.0]), least=0.0)
    assert no_gap.tolist() == pytest.approx([2 / 3, 1 / 3, 0.0])


def test_where_nothing_generalises_the_weights_stay():
    blending = built()
    blending.update(BEFORE, epoch=0)
    blending.update(losses([0.5, 0.2, 0.4], [0.8, 0.9, 0.6]), epoch=3)
    weights = blending.weights.clone()
    assert len(weights.unique()) == 3
    blending.update(losses([0.1, 0.1, 0.1], [2.0, 2.0, 2.0]), epoch=6)
    assert torch.equal(blending.weights, weights)
    # and the next estimate is compared with this one
    blending.update(losses([0.1, 0.1, 0.1], [2.0, 1.0, 2.0]), epoch=9)
    assert blending.share()["rna"] > 0.8


def test_estimates_are_due_once_every_few_epochs():
    blending, taken = built(), []
    for epoch in range(8):
        if blending.due(epoch):
            taken.append(epoch)
            blending.update(BEFORE, epoch)
        assert not blending.due(epoch)  # a run resumed in this epoch takes none again
    assert taken == [0, 3, 6]


def test_equal_weights_at_first_and_the_sum_by_name():
    blending = built()
    parts = {"fused": torch.tensor(9.0), "mri": torch.tensor(3.0), "rna": torch.tensor(6.0)}
    assert blending.members == ("mri", "rna", "fused")
    assert blending.weigh(parts).item() == pytest.approx(6.0)
    assert {name: w.item() for name, w in blending.share().items()} == pytest.approx(
        dict.fromkeys(parts, 1 / 3)
    )


def test_predictors_read_real_tokens_only():
    blending, draw = built(), torch.Generator().manual_seed(0)
    mask = torch.tensor([[True, False], [True, True]])
    x = {m: torch.randn(2, 2, dim, generator=draw) for m, dim in DIMS.items()}
    found = blending({m: Tokens(x[m], mask) for m in DIMS})
    junk = blending({m: Tokens(x[m].masked_fill(~mask[..., None], torch.nan), mask) for m in DIMS})
    for name, outputs in found.items():
        assert torch.equal(outputs, junk[name])
        torch.testing.assert_close(outputs[0], blending.predictors[name](x[name][0, 0]))


def test_the_seed_alone_decides_and_the_state_survives():
    torch.manual_seed(1)
    one = built()
    torch.manual_seed(2)
    before = torch.get_rng_state()
    two = built()
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(v, two.state_dict()[k]) for k, v in one.state_dict().items())
    one.update(BEFORE, 0)
    one.update(losses([0.5, 0.2, 0.4], [0.8, 0.9, 0.6]), 3)
    two.load_state_dict(one.state_dict())
    assert not two.due(3)
    assert torch.equal(two.weights, one.weights)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"least": 0.34}, r"least=0.34: expected least below 1/3"),
        ({"dims": {"fused": 2, "rna": 2}}, "no modality called fused"),
    ],
)
def test_what_cannot_be_divided_is_refused(more, message):
    with pytest.raises(ConfigError, match=message):
        built(**more)
