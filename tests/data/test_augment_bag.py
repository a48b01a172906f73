"""A part of every bag, drawn anew."""

import pytest
import torch

from fusion.data.augment_bag import disturb_tiles, sample_tiles
from fusion.types import Bags


def bags(*lengths):
    offsets = torch.tensor([0, *lengths]).cumsum(0)
    return Bags(torch.arange(float(offsets[-1]))[:, None], offsets)


def draw(found, keep, seed=0):
    return sample_tiles(found, torch.Generator().manual_seed(seed), keep=keep)


def test_tiles_stay_whole_in_order_and_with_their_owner():
    whole = bags(50, 1, 30)
    part = draw(whole, 0.5)
    kept = part.features[:, 0].long()
    assert bool((kept.diff() > 0).all())
    assert torch.equal(whole.owner[kept], part.owner)


@pytest.mark.parametrize("keep", [1e-9, 0.1, 0.9])
def test_every_bag_keeps_a_tile(keep):
    for seed in range(20):
        assert draw(bags(1, 2, 40), keep, seed).lengths.min() >= 1


def test_all_tiles_stay_at_one():
    whole = bags(3, 7)
    part = draw(whole, 1.0)
    assert torch.equal(part.features, whole.features)
    assert torch.equal(part.offsets, whole.offsets)


def test_the_share_is_what_was_asked_for():
    """4000 tiles: the standard deviation of the share is 0.007; four of them."""
    assert abs(len(draw(bags(4000), 0.3).features) / 4000 - 0.3) < 0.028


def test_the_same_generator_draws_the_same():
    assert torch.equal(draw(bags(99), 0.5, 3).features, draw(bags(99), 0.5, 3).features)
    assert not torch.equal(draw(bags(99), 0.5, 3).features, draw(bags(99), 0.5, 4).features)


def test_no_tile_is_dearer_than_another():
    """Each of ten tiles stays in about half of 2000 draws: 4 standard deviations are 0.045."""
    counts = torch.zeros(10)
    generator = torch.Generator().manual_seed(0)
    for _ in range(2000):
        counts[sample_tiles(bags(10), generator, keep=0.5).features[:, 0].long()] += 1
    assert bool(((counts / 2000 - 0.5).abs() < 0.045).all())


def test_mixing_stays_between_two_tiles_of_one_bag():
    rows = torch.cat([torch.rand(50, 1), 10 + torch.rand(50, 1)])
    whole = Bags(rows, torch.tensor([0, 50, 100]))
    found = disturb_tiles(whole, torch.Generator().manual_seed(0), noise=0.0, mix=0.5).features
    assert float(found[:50].max()) <= 1.0
    assert float(found[50:].min()) >= 10.0
    moved = (found - rows).abs()
    assert float(moved.max()) <= 0.5  # half of the way to another of its bag, which is 1 at most
    assert (moved > 0).float().mean() > 0.9


def test_noise_is_as_wide_as_asked_for_and_nothing_is_nothing():
    whole = Bags(torch.zeros(2000, 5), torch.tensor([0, 2000]))
    found = disturb_tiles(whole, torch.Generator().manual_seed(0), noise=0.3, mix=0.0).features
    assert abs(float(found.std()) - 0.3) < 0.01  # its standard error is 0.002
    same = disturb_tiles(whole, torch.Generator(), noise=0.0, mix=0.0)
    assert torch.equal(same.features, whole.features)
