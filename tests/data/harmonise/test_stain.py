"""Stains are found as they were planted, and slides brought to one look."""

import numpy as np
import pytest

from fusion.data.harmonise.colour_table import ColourTable
from fusion.data.harmonise.macenko import Macenko
from fusion.data.harmonise.reinhard import Reinhard
from fusion.data.harmonise.stain import NoStain, StainMethod, brightness_of, density_of
from fusion.data.harmonise.stain_target import StainTarget

MACENKO = Macenko(white=240.0, min_density=0.15, percentile=1.0)
REINHARD = Reinhard(white=240.0, min_density=0.15)
METHODS = pytest.mark.parametrize("method", [MACENKO, REINHARD], ids=lambda m: m.name)
ONE = [[0.65, 0.70, 0.29], [0.18, 0.92, 0.35]]
OTHER = [[0.55, 0.76, 0.35], [0.25, 0.85, 0.45]]


def picture(seed, stains):
    """Pixels of two stains in random amounts; the recipe of the golden values."""
    rng = np.random.default_rng(seed)
    amounts = rng.gamma(2.0, 0.35, (64 * 64, 2)) + 0.15
    levels = 240 * np.exp(-amounts @ np.array(stains)) - 1
    return np.rint(np.clip(levels, 0, 255))


def test_golden_macenko():
    """torchstain 1.4.1, numpy backend, Io 240, alpha 1, beta 0.15."""
    everything = Macenko(white=240.0, min_density=0.0, percentile=1.0)
    target = everything.profile(picture(1, OTHER))
    np.testing.assert_allclose(
        target["stains"],
        [[0.51050788, 0.77783221, 0.36654981], [0.29583114, 0.84728526, 0.44112540]],
        atol=1e-8,
    )
    np.testing.assert_allclose(target["most"], [2.73897964, 2.86010744], atol=1e-8)
    pixels = picture(0, ONE)
    found = everything.recolour(pixels, everything.profile(pixels), target)
    # torchstain cuts to whole levels, and leaves in the level that it adds before the logarithm
    expected = np.array([[119, 52, 111], [120, 41, 97], [165, 111, 163]])
    assert np.abs(found[:3] + 0.5 - expected).max() <= 0.5
    np.testing.assert_allclose(
        found.mean(axis=0) + 0.5, [126.40014648, 69.13745117, 125.21191406], atol=0.02
    )


def test_golden_reinhard():
    """torchstain 1.4.1, numpy backend."""
    everything = Reinhard(white=240.0, min_density=0.0)
    target = everything.profile(picture(1, OTHER))
    np.testing.assert_allclose(target["mean"], [38.046930, 33.199510, -21.406174], atol=1e-4)
    np.testing.assert_allclose(target["sd"], [12.641714, 4.819801, 4.6535487], atol=1e-4)
    pixels = picture(0, ONE)
    found = everything.recolour(pixels, everything.profile(pixels), target)
    # torchstain cuts to whole levels
    expected = np.array([[117, 53, 114], [124, 45, 104], [164, 108, 159]])
    assert np.abs(found[:3] - 0.5 - expected).max() <= 0.5
    np.testing.assert_allclose(
        found.mean(axis=0) - 0.5, [125.20507812, 68.56933594, 124.70874023], atol=0.02
    )


@pytest.mark.parametrize("stains", [ONE, OTHER])
def test_planted_stains_are_found(stains):
    expected = np.array(stains) / np.linalg.norm(stains, axis=1, keepdims=True)
    # pixels of nearly one stain: what the extreme angles need
    rng = np.random.default_rng(2)
    amounts = rng.uniform(0, 2, (20_000, 2)) * rng.integers(0, 2, (20_000, 2))
    found = MACENKO.profile(brightness_of(amounts @ np.array(stains), 240.0))["stains"]
    angles = np.rad2deg(np.arccos(np.clip((found * expected).sum(axis=1), -1, 1)))
    assert angles.max() < 2


@METHODS
def test_the_same_tissue_in_two_stains_looks_the_same(method):
    one, other = picture(0, ONE), picture(0, OTHER)
    own = [method.profile(p) for p in (one, other)]
    target = method.target(own)
    changed = [method.recolour(p, o, target) for p, o in zip((one, other), own, strict=True)]
    # Reinhard knows no stains, only mean and spread of colours
    limit = {"macenko": 0.25, "reinhard": 0.5}[method.name]
    assert np.abs(changed[0] - changed[1]).mean() < limit * np.abs(one - other).mean()


@METHODS
def test_a_slide_that_is_the_target_stays(method):
    pixels = picture(0, ONE)
    own = method.profile(pixels)
    error = np.abs(method.recolour(pixels, own, own) - pixels)
    # Macenko drops what two stains do not explain: here the rounding of dark pixels
    assert error.mean() < 0.3
    assert error.max() < 3


@METHODS
def test_white_and_black_pass(method):
    """No error, no colour: glass of any brightness stays glass."""
    own, target = method.profile(picture(0, ONE)), method.profile(picture(1, OTHER))
    greys = np.repeat([[255.0], [248.0], [240.0]], 3, axis=1)
    assert np.abs(method.recolour(greys, own, target) - greys).max() < 8
    assert np.isfinite(method.recolour(np.zeros((1, 3)), own, target)).all()


@METHODS
@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (np.full((5000, 3), 255.0), "0 of 5,000 sampled pixels are stained"),
        (np.full((5000, 3), [190.0, 90.0, 150.0]), "one stain|one colour"),
        (np.zeros((0, 3)), "0 of 0 sampled pixels"),
    ],
)
def test_what_tells_no_stain_is_refused(method, pixels, message):
    with pytest.raises(NoStain, match=message):
        method.profile(pixels)


@METHODS
def test_a_target_depends_on_no_order_and_on_no_odd_slide(method):
    own = [method.profile(picture(seed, ONE)) for seed in range(4)]
    odd = method.profile(picture(9, [[0.3, 0.4, 0.87], [0.8, 0.5, 0.2]]))
    first, second = method.target([*own, odd]), method.target([odd, *own[::-1]])
    for name, value in first.items():
        np.testing.assert_array_equal(value, second[name])
        np.testing.assert_allclose(value, method.target(own)[name], rtol=0.05)


@METHODS
def test_the_table_is_the_map_within_a_grey_level(method):
    own, target = method.profile(picture(0, ONE)), method.profile(picture(1, OTHER))
    pixels = picture(3, ONE)
    table = ColourTable(lambda p: method.recolour(p, own, target))
    tiles = pixels.astype(np.uint8).reshape(4, 32, 32, 3)
    error = np.abs(table(tiles).reshape(-1, 3) - method.recolour(pixels, own, target))
    # half a level of rounding, and what interpolation adds; most near black
    assert error.mean() < 0.4
    assert np.quantile(error, 0.99) < 1.5


@METHODS
def test_no_colour_is_beyond_the_map(method):
    """Every node of a table, between profiles far apart; a warning would fail."""
    pale, strong = picture(0, 0.4 * np.array(ONE)), picture(1, 1.5 * np.array(OTHER))
    own, target = method.profile(pale), method.profile(strong)
    seen = []
    for first, second in ((own, target), (target, own)):
        ColourTable(lambda p, a=first, b=second: seen.append(method.recolour(p, a, b)) or seen[-1])
    assert all(np.isfinite(s).all() and s.min() >= 0 and s.max() < 255.001 for s in seen)


def test_density_and_brightness_are_inverse():
    pixels = np.random.default_rng(0).uniform(0, 239, (100, 3))
    np.testing.assert_allclose(brightness_of(density_of(pixels, 240.0), 240.0), pixels)


@METHODS
def test_the_methods_keep_their_contract(method):
    assert isinstance(method, StainMethod)
    target = StainTarget(method=method, tiles=8)
    target.fit([[method.profile(picture(0, ONE))] * 5, [method.profile(picture(1, OTHER))]])
    again = StainTarget(method=method, tiles=8)
    again.restore(target.state())
    assert again.made_by() == target.made_by()
    # every patient counts once: five slides do not outvote one
    other = StainTarget(method=method, tiles=8)
    other.fit([[method.profile(picture(1, OTHER))], [method.profile(picture(0, ONE))]])
    for name, value in other.state()["target"].items():
        np.testing.assert_allclose(value, target.state()["target"][name])  # the mean of 5 rounds
    assert target.sentences("wsi") == again.sentences("wsi")
    assert "of the 2 training patients' slides" in target.sentences("wsi")[0]
