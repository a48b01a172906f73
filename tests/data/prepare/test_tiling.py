from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.data.prepare.tiling import Tiling
from fusion.data.prepare.tissue_share import tissue_share
from fusion.data.readers.slide import SlideFile
from fusion.errors import ConfigError, ReadError

TILING = Tiling(tile_px=64, mpp=0.5, stride_px=48, min_tissue=0.4)


@pytest.fixture
def slide(write_slide, draw):
    with SlideFile.open(write_slide("a.tif", draw(side=512)[0], mpp=0.5), "p1") as file:
        yield file


@pytest.fixture
def mask():
    return np.random.default_rng(0).random((32, 32)) < 0.45  # 256 x 256 microns


def test_every_place_with_enough_tissue_and_no_other(slide, mask):
    fine = mask.repeat(16, 0).repeat(16, 1)  # one pixel of level 0 each
    expected = [
        (x, y)
        for y in range(0, 512 - 64 + 1, 48)
        for x in range(0, 512 - 64 + 1, 48)
        if fine[y : y + 64, x : x + 64].mean() >= 0.4
    ]
    tiles = TILING.place(slide, mask)
    assert tiles.corner_px.tolist() == [list(place) for place in expected]
    np.testing.assert_allclose(tiles.corner_um, tiles.corner_px * 0.5)
    assert (tiles.on_grid, tiles.with_tissue) == (100, len(expected))
    assert tiles.side_px == 64


@given(x=st.floats(0, 180), y=st.floats(0, 180), side=st.floats(4, 70), seed=st.integers(0, 2**31))
@settings(max_examples=60, deadline=None)
def test_the_share_of_tissue_is_exact_where_edges_cut_through_mask_pixels(x, y, side, seed):
    mask = np.random.default_rng(seed).random((32, 32)) < 0.5
    edges = np.arange(33) * 8.0

    def overlap(start):
        return np.clip(np.minimum(edges[1:], start + side) - np.maximum(edges[:-1], start), 0, None)

    brute = overlap(y) @ mask @ overlap(x) / side**2
    share = tissue_share(mask, np.array([x]), np.array([y]), side)
    assert share[0, 0] == pytest.approx(brute, abs=1e-9)  # float64 sums of 1024 terms


@pytest.mark.parametrize(("tile_px", "mpp"), [(64, 0.5), (32, 1.0), (71, 0.46)])
def test_a_tile_has_its_size_in_microns(slide, tile_px, mpp):
    mask = np.ones((32, 32), dtype=bool)
    settings = replace(TILING, tile_px=tile_px, mpp=mpp, stride_px=tile_px)
    tiles = settings.place(slide, mask)
    assert tiles.side_px * slide.mpp == pytest.approx(settings.tile_um)
    assert tiles.corner_um.max() + settings.tile_um <= 256 + 1e-6
    assert tiles.with_tissue == tiles.on_grid == int(256 / settings.tile_um + 1e-9) ** 2


def test_the_cap_draws_by_seed_and_keeps_the_order(slide, mask):
    whole = TILING.place(slide, mask)
    capped = [replace(TILING, max_tiles=7, seed=seed).place(slide, mask) for seed in (0, 0, 1)]
    assert capped[0].corner_px.tolist() == capped[1].corner_px.tolist()
    assert capped[0].corner_px.tolist() != capped[2].corner_px.tolist()
    everywhere = whole.corner_px.tolist()
    for tiles in capped:
        places = [everywhere.index(corner) for corner in tiles.corner_px.tolist()]
        assert places == sorted(set(places))
        assert len(places) == 7
        assert tiles.with_tissue == len(everywhere)
    generous = replace(TILING, max_tiles=10_000).place(slide, mask)
    assert generous.corner_px.tolist() == everywhere


def test_a_slide_that_is_coarser_than_the_tiles_is_refused(slide, mask):
    with pytest.raises(ReadError, match=r"patient p1: .*at 0\.5 .* coarser than the 0\.25 "):
        replace(TILING, mpp=0.25).place(slide, mask)


def test_too_little_tissue_is_refused(slide):
    mask = np.zeros((32, 32), dtype=bool)
    mask[:2, :2] = True  # a quarter of the first tile
    with pytest.raises(
        ReadError, match=r"no tile of 32 microns has 40% of tissue \(the most is 25%"
    ):
        TILING.place(slide, mask)


def test_a_slide_that_is_smaller_than_a_tile_is_refused(slide, mask):
    with pytest.raises(ReadError, match=r"no tile of 512 microns .*smaller than one"):
        replace(TILING, tile_px=1024).place(slide, mask)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"tile_px": 0}, "tile_px is 0, expected 8 to 4096"),
        ({"mpp": 0.0}, r"mpp is 0\.0, expected 0\.05 to 20"),
        ({"mpp": float("nan")}, "mpp is nan"),
        ({"stride_px": 0}, "stride_px is 0, expected 1"),
        ({"min_tissue": 1.5}, r"min_tissue is 1\.5, expected 0\.0 to 1\.0"),
        ({"max_tiles": 0}, "max_tiles is 0, expected at least 1"),
    ],
)
def test_values_out_of_range_are_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        replace(TILING, **values)
