"""Stains change within their bounds, tile by tile, and nothing else does."""

import pytest
import torch

from fusion.data.harmonise.stain_jitter import _STAINS, jitter_stain


@pytest.fixture
def tiles():
    amounts = torch.rand(5, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    amounts[:, 2] *= 0.1
    stains = torch.tensor(_STAINS)
    stains = stains / stains.norm(dim=1, keepdim=True)
    return torch.exp(-torch.einsum("nshw,sc->nchw", amounts, stains)), amounts, stains


def test_amounts_of_stain_move_along_one_line_per_tile(tiles):
    pixels, amounts, stains = tiles
    changed = jitter_stain(pixels, torch.Generator().manual_seed(1), strength=0.2)
    density = -torch.log(changed)
    found = torch.einsum("nchw,cs->nshw", density, torch.linalg.inv(stains))
    for tile in range(5):
        for stain in range(3):
            x, y = amounts[tile, stain].flatten(), found[tile, stain].flatten()
            slope = ((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()
            shift = y.mean() - slope * x.mean()
            assert 0.8 - 1e-3 <= slope <= 1.2 + 1e-3
            assert abs(shift) <= 0.02 + 1e-3
            torch.testing.assert_close(y, slope * x + shift, atol=1e-3, rtol=0)


def test_every_tile_has_a_draw_of_its_own_which_the_seed_decides(tiles):
    same = tiles[0][:1].expand(4, -1, -1, -1)
    one, two = (jitter_stain(same, torch.Generator().manual_seed(3), strength=0.2) for _ in "ab")
    assert torch.equal(one, two)
    assert len({round(float(t.mean()), 5) for t in one}) == 4


def test_strength_nothing_changes_nothing_and_more_changes_more(tiles):
    pixels = tiles[0]

    def moved(strength):
        changed = jitter_stain(pixels, torch.Generator().manual_seed(1), strength=strength)
        return float((changed - pixels).abs().mean())

    assert moved(0.0) < 1e-5
    assert moved(0.05) < moved(0.1) < moved(0.3)
    with pytest.raises(ValueError, match="strength is 1"):
        jitter_stain(pixels, torch.Generator(), strength=1.0)


def test_light_stays_light(tiles):
    changed = jitter_stain(torch.rand(8, 3, 4, 4), torch.Generator(), strength=0.9)
    assert float(changed.min()) >= 0
    assert float(changed.max()) <= 1
