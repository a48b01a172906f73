from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2hed

from fusion.data.prepare.patch_encoders.stains import shrink, stain_density
from fusion.data.prepare.patch_encoders.texture import Texture
from fusion.errors import ConfigError

PX = 256
GLASS, STROMA, NUCLEUS, BLOOD = (244, 243, 245), (214, 160, 198), (96, 70, 140), (200, 60, 80)


@pytest.fixture(scope="module")
def encoder():
    return Texture(tile_px=PX, mpp=0.5)


@pytest.fixture
def measure(encoder):
    """Tile -> feature by name."""

    def measured(tile):
        return dict(zip(encoder.names, encoder(tile[None])[0].tolist(), strict=True))

    return measured


def plain(colour, seed=0):
    noise = np.random.default_rng(seed).normal(0, 2, (PX, PX, 3))
    return np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)


def ellipses(count, a, b, colour=NUCLEUS, seed=0):
    """`count` ellipses of half axes a and b in pixels, in cells of a grid, on stroma."""
    random = np.random.default_rng(seed)
    image, side = plain(STROMA, seed), 32
    cells = random.permutation((PX // side) ** 2)[:count]
    y, x = np.mgrid[:side, :side] - side / 2 + 0.5
    for cell in cells:
        turn = random.uniform(0, np.pi)
        u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
        top, left = cell // 8 * side, cell % 8 * side
        image[top : top + side, left : left + side][(u / a) ** 2 + (v / b) ** 2 < 1] = colour
    return image


def stripes(turn, width=8):
    y, x = np.mgrid[:PX, :PX]
    wave = np.sin(2 * np.pi * (x * np.cos(turn) + y * np.sin(turn)) / width) > 0
    return np.where(wave[..., None], STROMA, (238, 215, 230)).astype(np.uint8)


def test_stains_are_those_of_scikit_image():
    tiles = np.random.default_rng(0).integers(1, 256, (2, 16, 16, 3), dtype=np.uint8)
    mine = stain_density(tiles)
    theirs = rgb2hed(tiles) * 6  # it divides by log10 of its floor, 1e-6
    for stain in range(3):
        np.testing.assert_allclose(mine[stain], theirs[..., stain], atol=2e-5)  # float32
    np.testing.assert_allclose(mine[3], -np.log10(tiles / 255).mean(-1), atol=1e-6)


@pytest.mark.parametrize("by", [1, 2, 3, 5])
def test_shrinking_is_the_mean_of_blocks(by):
    planes = np.random.default_rng(0).random((2, 3, 16, 17)).astype(np.float32)
    h, w = 16 // by, 17 // by
    brute = planes[..., : h * by, : w * by].reshape(2, 3, h, by, w, by).mean((3, 5))
    np.testing.assert_allclose(shrink(planes, by), brute, rtol=1e-6)


def test_a_tile_alone_gives_the_row_of_the_batch(encoder):
    tiles = np.stack([ellipses(n, 9, 7, seed=n) for n in range(0, 60, 3)])
    whole = encoder(tiles)
    assert whole.dtype == np.float32
    assert whole.shape == (20, encoder.dim)
    for i in (0, 7, 8, 19):
        np.testing.assert_allclose(encoder(tiles[i : i + 1])[0], whole[i], rtol=1e-4, atol=1e-5)
    with ThreadPoolExecutor(2) as pool:
        np.testing.assert_array_equal(*pool.map(encoder, [tiles, tiles]))


@pytest.mark.parametrize("kind", ["white", "black", "noise", "board", "dark"])
def test_any_pixels_give_features_that_half_precision_holds(encoder, kind):
    tiles = {
        "white": np.full((2, PX, PX, 3), 255),
        "black": np.zeros((2, PX, PX, 3)),
        "noise": np.random.default_rng(0).integers(0, 256, (2, PX, PX, 3)),
        "board": np.indices((2, PX, PX, 3))[1:3].sum(0) // 4 % 2 * 255,
        "dark": np.broadcast_to(np.array(NUCLEUS), (2, PX, PX, 3)),
    }[kind].astype(np.uint8)
    features = encoder(tiles)
    assert np.isfinite(features.astype(np.float16)).all()


def test_an_empty_tile_has_no_nuclei_and_no_tissue(measure):
    found = measure(plain(GLASS))
    assert found["nuclei_count"] == 0
    assert found["empty_share"] > 0.99
    assert measure(plain(STROMA))["nuclei_count"] == 0


def test_planted_nuclei_are_counted(measure):
    area = (PX * 0.5) ** 2 / 1e4  # in 0.01 mm2
    for count in (0, 5, 20, 50):
        assert measure(ellipses(count, 9, 8))["nuclei_count"] * area == pytest.approx(count, abs=1)


@pytest.mark.parametrize("radius_um", [2.5, 4.0, 6.0])
def test_planted_nuclei_have_their_diameter(measure, radius_um):
    """Within one micron, which is the pixel that nuclei are measured in."""
    found = measure(ellipses(20, radius_um / 0.5, radius_um / 0.5))
    assert found["nuclei_diameter_um"] == pytest.approx(2 * radius_um, abs=1.0)
    assert found["nuclei_diameter_sd_um"] < 0.5


def test_the_same_tissue_at_another_resolution_gives_the_same_nuclei(encoder, measure):
    tile = ellipses(20, 9, 8)
    finer = Texture(tile_px=2 * PX, mpp=0.25)
    twice = finer(tile.repeat(2, axis=0).repeat(2, axis=1)[None])[0]
    for name, value in measure(tile).items():
        if name.startswith("nuclei"):
            assert twice[finer.names.index(name)] == pytest.approx(value, rel=0.02, abs=0.01)


def test_long_nuclei_are_longer_than_round_ones(measure):
    found = [
        measure(ellipses(30, a, b))["nuclei_elongation"] for a, b in ((8, 8), (10, 6), (13, 4))
    ]
    assert found[0] < 0.15 < 0.3 < found[1] < 0.5 < found[2]


def test_mixed_sizes_and_clusters_are_seen(measure):
    mixed = np.where(
        np.arange(PX)[:, None, None] < PX // 2, ellipses(64, 5, 5), ellipses(64, 13, 13)
    )
    even = ellipses(64, 9, 9)
    assert measure(mixed)["nuclei_diameter_sd_um"] > 3 * measure(even)["nuclei_diameter_sd_um"]
    half = np.where(np.arange(PX)[:, None, None] < PX // 2, even, plain(STROMA))
    assert measure(half)["nuclei_clustering"] > 2 * measure(even)["nuclei_clustering"]


def test_shares_of_area_are_what_was_painted(measure):
    """Pallor without nuclei (necrosis), blood, and an open vessel of a quarter of the tile."""
    tile = plain((225, 180, 205))
    assert measure(tile)["pale_share"] > 0.9
    tile[: PX // 2] = BLOOD
    assert measure(tile)["red_share"] == pytest.approx(0.5, abs=0.02)
    tile[64:192, 64:192] = GLASS
    found = measure(tile)
    assert found["empty_share"] == pytest.approx(0.25, abs=0.01)
    assert found["lumen_largest_share"] == pytest.approx(0.25, abs=0.01)
    assert found["lumina_count"] == pytest.approx(1 / (PX * 0.5) ** 2 * 1e4)


def test_parallel_fibres_differ_from_crossed_ones_and_their_direction_does_not_matter(measure):
    lines = [measure(stripes(turn))["e_parallel"] for turn in (0.0, 0.4, np.pi / 2)]
    crossed = measure(np.minimum(stripes(0.0), stripes(np.pi / 2)))["e_parallel"]
    noise = measure(plain(STROMA))["e_parallel"]
    assert min(lines) > 0.8 > 2 * max(crossed, noise)
    assert max(lines) - min(lines) < 0.1


def test_grain_is_found_at_its_scale(measure):
    """Blocks of 2, 4 and 8 microns: each has most energy in the halving that blurs it."""
    random = np.random.default_rng(0)
    for scale, px in ((1, 2), (2, 4), (4, 8)):
        block = random.integers(0, 2, (PX // px, PX // px)).repeat(px, 0).repeat(px, 1)
        tile = np.where(block[..., None], STROMA, NUCLEUS).astype(np.uint8)
        found = measure(tile)
        scales = [found[f"h_grain_{s}"] for s in (1, 2, 4, 8)]
        assert int(np.argmax(scales)) == [1, 2, 4, 8].index(scale)


def test_its_identity_changes_with_what_it_measures():
    specs = [
        Texture(tile_px=px, mpp=mpp).spec() for px, mpp in ((256, 0.5), (128, 0.5), (256, 1.0))
    ]
    assert len({str(spec) for spec in specs}) == 3
    assert specs[0] == Texture(tile_px=256, mpp=0.5).spec()


def test_no_tile_gives_no_row(encoder):
    assert encoder(np.zeros((0, PX, PX, 3), dtype=np.uint8)).shape == (0, encoder.dim)


@pytest.mark.parametrize(
    ("tile_px", "mpp", "message"),
    [
        (256, 4.0, r"mpp is 4\.0, expected 0\.1 to 2\.0, where nuclei are seen"),
        (32, 0.5, "tile of 32 px is 16 microns wide, expected at least 32"),
    ],
)
def test_tiles_in_which_nothing_can_be_seen_are_refused(tile_px, mpp, message):
    with pytest.raises(ConfigError, match=message):
        Texture(tile_px=tile_px, mpp=mpp)


def test_real_nuclei(encoder, real_slides):
    """Against the published segmentation of two real gliomas, over 32 tiles of 128 microns."""
    mine, truth = [], []
    for path in sorted((real_slides / "tcga/wsi_roi").glob("*_1.png")):
        nuclei = path.with_name(path.name.replace("_1.png", "_1_nuclei_seg.png"))
        for name, into in ((path, mine), (nuclei, truth)):
            image = np.asarray(Image.open(name))
            tiles = image.reshape(4, PX, 4, PX, -1).swapaxes(1, 2).reshape(16, PX, PX, -1)
            into.append(tiles)
    features = encoder(np.concatenate(mine))
    share = (np.concatenate(truth) > 0).mean(axis=(1, 2, 3))
    found = features[:, encoder.names.index("nuclei_share")]
    assert np.corrcoef(found, share)[0, 1] > 0.85
