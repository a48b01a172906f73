"""Hidden blocks: whole, as many as asked, none of air alone, the same for the same draw."""

import pytest
import torch

from fusion.data.hide_blocks import hide_blocks
from fusion.types import Volumes


def hidden(image, channels=None, *, block=2, ratio=0.5, seed=0):
    there = torch.ones(image.shape[:2], dtype=torch.bool) if channels is None else channels
    draw = torch.Generator().manual_seed(seed)
    return hide_blocks(Volumes(image, there), draw, block=block, ratio=ratio)


@pytest.mark.parametrize("ratio", [0.1, 0.5, 0.9])
def test_whole_blocks_are_hidden_as_many_as_asked(ratio):
    found = hidden(torch.ones(3, 2, 8, 6, 4), ratio=ratio)
    blocks = found.reshape(3, 4, 2, 3, 2, 2, 2).permute(0, 1, 3, 5, 2, 4, 6).flatten(4).float()
    assert set(blocks.mean(dim=-1).unique().tolist()) == {0.0, 1.0}
    assert blocks.amax(dim=-1).flatten(1).sum(dim=1).tolist() == [round(ratio * 24)] * 3


def test_blocks_of_air_are_not_hidden_and_count_for_nothing():
    image = torch.zeros(1, 2, 8, 8, 8)
    image[:, 1, :4] = 1.0
    found = hidden(image, ratio=0.5)
    assert not found[:, 4:].any()
    assert found.sum() == 0.5 * 4 * 8 * 8
    absent = torch.tensor([[True, False]])  # what stands in an absent channel is no tissue
    image[:, 0, 6:, 6:, 6:] = 1.0
    assert not hidden(image, absent)[:, :4].any()


def test_at_least_one_block_is_hidden_even_where_all_is_air():
    assert hidden(torch.zeros(1, 1, 8, 8, 8), ratio=0.01).sum() == 8


def test_sides_that_are_no_multiple_of_a_block_are_kept():
    assert hidden(torch.ones(2, 1, 7, 5, 3), block=4).shape == (2, 7, 5, 3)


def test_the_draw_decides():
    image = torch.ones(1, 1, 8, 8, 8)
    assert torch.equal(hidden(image), hidden(image))
    assert not torch.equal(hidden(image), hidden(image, seed=1))
