"""Slides and regions travel with their tiles through everything that touches a bag."""

import torch

from fusion.data.augment_bag import disturb_tiles, sample_tiles
from fusion.data.sample import stack
from fusion.types import Bags


def bag(rows, slide):
    parts = torch.tensor([[slide, 0]] * rows)
    return Bags(torch.full((rows, 2), float(slide)), torch.tensor([0, rows]), parts)


def follows(bags):
    """Features say which slide a tile is of, and so do its parts."""
    return torch.equal(bags.features[:, 0].long(), bags.parts[:, 0])


def test_parts_follow_their_tiles():
    both = stack([bag(40, 3), bag(50, 7)])
    assert follows(both)
    part = sample_tiles(both, torch.Generator().manual_seed(0), keep=0.5)
    assert 0 < len(part.features) < 90
    assert follows(part)
    assert follows(disturb_tiles(part, torch.Generator(), noise=0.0, mix=0.5))  # same slide
    assert follows(part.to("cpu"))


def test_where_one_bag_knows_none_nobody_does():
    assert stack([bag(3, 1), Bags(torch.zeros(2, 2), torch.tensor([0, 2]))]).parts is None
