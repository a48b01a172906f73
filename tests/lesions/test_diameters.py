"""Diameters against a brute force over corners of voxels, and against shapes of known size."""

import itertools

import numpy as np
import pytest

from fusion.errors import ConfigError
from fusion.lesions.diameters import diameters

STEPS = 4000


def brute(plane, in_plane):
    """All corners of all pixels against each other; then chords of the hull, one by one."""
    points = {(i + a, j + b) for i, j in np.argwhere(plane) for a in (0, 1) for b in (0, 1)}
    points = np.array(sorted(points), dtype=float) * in_plane
    pairs = list(itertools.combinations(points, 2))
    longest = max(np.linalg.norm(b - a) for a, b in pairs)
    best = 0.0
    for a, b in pairs:
        if np.linalg.norm(b - a) < longest - 1e-9:
            continue
        along = (b - a) / longest
        turned = np.array([-along[1], along[0]])
        x, y = (points - a) @ along, (points - a) @ turned
        for offset in np.linspace(x.min(), x.max(), STEPS):
            best = max(best, chord(x, y, offset))
    return longest, best


def chord(x, y, offset):
    """Length of the hull's cut at an offset: over all segments between points that meet it."""
    left, right = x <= offset + 1e-12, x >= offset - 1e-12
    x1, x2 = x[left][:, None], x[right][None]
    run = np.where(x2 > x1, x2 - x1, 1.0)
    share = np.where(x2 > x1, (offset - x1) / run, 0.0)
    height = y[left][:, None] * (1 - share) + y[right][None] * share
    return height.max() - height.min()


@pytest.mark.parametrize("seed", range(6))
def test_equals_brute_force_on_small_connected_masks(seed):
    rng = np.random.default_rng(seed)
    plane = np.zeros((7, 6), dtype=bool)
    place = np.array([3, 3])
    for _ in range(14):  # a walk, so that all of it is one part
        plane[tuple(place)] = True
        place = np.clip(place + rng.integers(-1, 2, size=2), 0, (6, 5))
    spacing = (0.7, 1.3, 5.0)
    found = diameters(plane[:, :, None], spacing, axis=2)
    longest, perpendicular = brute(plane, np.array(spacing[:2]))
    assert found.longest_mm == pytest.approx(longest, abs=1e-9)
    # brute force looks at 4000 places over at most 10 mm, and a chord changes by at most 10 mm per
    # mm: it may fall short by 10 * 10 / 4000 mm, and never be longer
    assert -1e-9 <= found.perpendicular_mm - perpendicular <= 0.025


def test_box_has_its_diagonal():
    mask = np.zeros((30, 30, 5), dtype=bool)
    mask[4:24, 6:21, 2] = True
    found = diameters(mask, (1.0, 1.0, 1.0), axis=2)
    # 20 x 15: the diagonal is 25; the chord across it is cut off by the shorter side, at 15 * 25/20
    assert (found.longest_mm, found.perpendicular_mm) == pytest.approx((25.0, 18.75))
    assert found.slice_index == 2
    assert found.product_mm2 == pytest.approx(468.75)


def test_ball_has_its_diameter():
    at = np.indices((41, 41, 41)) - 20
    ball = (at**2).sum(axis=0) <= 15**2
    found = diameters(ball, (1.0, 1.0, 1.0), axis=2)
    # outlines of voxels go up to half a voxel's diagonal, 0.71 mm, beyond the circle of centres,
    # at both ends
    for length in (found.longest_mm, found.perpendicular_mm):
        assert 30.0 <= length <= 30.0 + 2 * 0.7072
    assert found.slice_index == 20


def test_planes_lie_across_the_asked_axis_and_know_their_spacing():
    mask = np.zeros((10, 10, 10), dtype=bool)
    mask[2, 1:4, 1:5] = True
    found = diameters(mask, (9.0, 2.0, 0.5), axis=0)
    assert found.longest_mm == pytest.approx(np.hypot(3 * 2.0, 4 * 0.5))
    assert found.slice_index == 2


def test_parts_of_a_slice_are_not_measured_across_the_gap():
    mask = np.zeros((20, 3, 3), dtype=bool)
    mask[0:4, 0, 1] = mask[16:20, 0, 1] = True
    found = diameters(mask, (1.0, 1.0, 1.0), axis=2)
    assert found.longest_mm == pytest.approx(np.hypot(4, 1))


def test_a_part_within_the_bend_of_another_is_not_of_it():
    mask = np.zeros((9, 9, 1), dtype=bool)
    mask[:, 0, 0] = mask[8, :, 0] = True  # an L, whose box holds the other part
    alone = diameters(mask, (1.0, 1.0, 1.0), axis=2)
    mask[2:5, 4:8, 0] = True
    assert diameters(mask, (1.0, 1.0, 1.0), axis=2) == alone


def test_of_slices_with_one_longest_diameter_the_wider_counts_then_the_first():
    box, cut = np.ones((4, 3), dtype=bool), np.ones((4, 3), dtype=bool)
    cut[1:, 0] = False  # beside the diagonal that stays
    cut[3, 1] = False
    slices = np.stack([cut, box, box], axis=2)
    one, other = (diameters(slices[:, :, [i]], (1.0, 1.0, 1.0), axis=2) for i in (0, 1))
    assert one.longest_mm == pytest.approx(other.longest_mm)
    assert one.perpendicular_mm < other.perpendicular_mm - 0.5
    assert diameters(slices, (1.0, 1.0, 1.0), axis=2).slice_index == 1


def test_nothing_has_no_diameter():
    assert diameters(np.zeros((3, 3, 3), dtype=bool), (1.0, 1.0, 1.0), axis=2) is None


def test_one_voxel_has_its_diagonal():
    mask = np.ones((1, 1, 1), dtype=bool)
    found = diameters(mask, (1.0, 1.0, 1.0), axis=2)
    assert (found.longest_mm, found.perpendicular_mm) == pytest.approx((2**0.5, 2**0.5))


def test_without_a_spacing_it_refuses():
    with pytest.raises(ConfigError, match="a diameter needs millimetres, and the spacing of the"):
        diameters(np.ones((2, 2, 2), dtype=bool), None, axis=2)
