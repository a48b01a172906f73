"""Looks at a tile: parts of it, turned and mirrored, with its own pixels and nothing else."""

import pytest
import torch

from fusion.data.augment_tiles import another_look


def test_a_whole_look_is_one_of_the_eight_symmetries():
    tile = torch.rand(1, 3, 6, 6, generator=torch.Generator().manual_seed(0)) * 0.8 + 0.1
    eight = [
        turned
        for quarter in range(4)
        for turned in (tile.rot90(quarter, (2, 3)), tile.flip(3).rot90(quarter, (2, 3)))
    ]
    seen = set()
    for seed in range(60):
        look = another_look(tile, torch.Generator().manual_seed(seed), smallest=1.0, stain=0.0)
        near = [float((look - each).abs().max()) for each in eight]
        assert min(near) < 1e-4
        seen.add(near.index(min(near)))
    assert seen == set(range(8))


def test_a_part_is_from_within_the_tile_and_not_below_its_size():
    ramp = torch.linspace(0.2, 0.8, 64).expand(1, 3, 64, 64).contiguous()
    for seed in range(30):
        look = another_look(ramp, torch.Generator().manual_seed(seed), smallest=0.5, stain=0.0)
        span = float(look.max() - look.min()) / 0.6
        assert 0.47 <= span <= 1.0 + 1e-4
        assert float(look.min()) >= 0.2 - 1e-4
        assert float(look.max()) <= 0.8 + 1e-4


def test_the_seed_decides():
    tiles = torch.rand(4, 3, 16, 16)
    looks = [
        another_look(tiles, torch.Generator().manual_seed(s), smallest=0.5, stain=0.1)
        for s in (1, 1, 2)
    ]
    assert torch.equal(looks[0], looks[1])
    assert not torch.equal(looks[0], looks[2])
    with pytest.raises(ValueError, match="smallest is 0"):
        another_look(tiles, torch.Generator(), smallest=0.0, stain=0.1)
