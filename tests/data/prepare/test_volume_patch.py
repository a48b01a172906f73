"""Where training looks: inside the volume, everywhere, and at the tumour where asked."""

import numpy as np
import pytest

from fusion.data.prepare.volume_patch import draw_box

SHAPE, PATCH = (9, 7, 5), (4, 3, 5)


def boxes(n, *, outlined=None, foreground=0.0, patch=PATCH):
    rng = np.random.default_rng(0)
    return [draw_box(SHAPE, patch, rng, outlined=outlined, foreground=foreground) for _ in range(n)]


def starts(found):
    return {tuple(side.start for side in box) for box in found}


def small():
    outlined = np.zeros(SHAPE, dtype=np.uint8)
    outlined[8, 6, 4] = outlined[0, 0, 0] = 4
    return outlined


@pytest.mark.parametrize("foreground", [0.0, 0.5, 1.0])
def test_a_box_has_its_shape_and_lies_inside(foreground):
    for box in boxes(300, outlined=small(), foreground=foreground):
        assert [s.stop - s.start for s in box] == list(PATCH)
        assert all(s.start >= 0 and s.stop <= n for s, n in zip(box, SHAPE, strict=True))


def test_every_place_is_drawn():
    assert len(starts(boxes(600))) == 6 * 5 * 1


def test_foreground_one_always_holds_tumour_and_none_does_by_chance():
    outlined = small()
    assert all(outlined[box].any() for box in boxes(300, outlined=outlined, foreground=1.0))
    by_chance = np.mean([outlined[box].any() for box in boxes(600, outlined=outlined)])
    # 2 of 30 places hold one of the corners; 4 SD of 600 draws are 0.04
    assert by_chance == pytest.approx(2 / 30, abs=0.04)


def test_a_share_holds_tumour():
    outlined = small()
    held = [outlined[box].any() for box in boxes(900, outlined=outlined, foreground=0.6)]
    assert np.mean(held) == pytest.approx(0.6 + 0.4 * 2 / 30, abs=4 * (0.24 / 900) ** 0.5)


def test_the_place_of_the_tumour_in_the_box_tells_nothing():
    """A voxel far from the borders lies in every place of the box."""
    outlined = np.zeros((11, 11, 11), dtype=np.uint8)
    outlined[5, 5, 5] = 1
    rng = np.random.default_rng(0)
    found = [
        draw_box(outlined.shape, (3, 3, 3), rng, outlined=outlined, foreground=1.0)
        for _ in range(400)
    ]
    assert len(starts(found)) == 27


@pytest.mark.parametrize("outlined", [None, np.zeros(SHAPE, dtype=np.uint8)])
def test_without_tumour_it_is_any_place(outlined):
    assert starts(boxes(600, outlined=outlined, foreground=1.0)) == starts(boxes(600))


def test_a_patch_of_the_whole_is_the_whole():
    assert starts(boxes(5, outlined=small(), foreground=1.0, patch=SHAPE)) == {(0, 0, 0)}


@pytest.mark.parametrize("seed", range(50))
def test_the_voxel_that_is_drawn_is_that_of_a_list_of_all(seed):
    """Brute force: a box of one voxel is the voxel itself."""
    rng = np.random.default_rng(seed)
    outlined = (rng.random(SHAPE) < rng.choice([0.01, 0.3, 1.0])).astype(np.uint8) * 3
    outlined[0, 0, 0] = 1
    one, other = np.random.default_rng(seed), np.random.default_rng(seed)
    found = draw_box(SHAPE, (1, 1, 1), one, outlined=outlined, foreground=1.0)
    for n in SHAPE:
        other.integers(0, n)
    other.random()
    expected = np.argwhere(outlined)[other.choice(np.count_nonzero(outlined))]
    assert [side.start for side in found] == expected.tolist()
