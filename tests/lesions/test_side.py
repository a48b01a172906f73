"""Sides of tumours that were put somewhere."""

import numpy as np
import pytest

from fusion.errors import ConfigError
from fusion.lesions.side import TEMPLATE_MIDLINE, Midline, check_midline, side_of

CENTRED = np.array([[1.0, 0, 0, -9.5], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])


def slab(first, end):
    mask = np.zeros((20, 4, 4), dtype=bool)
    mask[first:end] = True
    return mask


@pytest.mark.parametrize(
    ("first", "end", "side", "left", "crosses"),
    [
        (0, 5, "left", 1.0, False),
        (15, 20, "right", 0.0, False),
        (5, 15, "both", 0.5, True),
        (8, 18, "both", 0.2, False),  # 1.5 mm to the left is less than 3
        (6, 16, "both", 0.4, True),
    ],
)
def test_side_share_and_crossing(first, end, side, left, crosses):
    found = side_of(slab(first, end), CENTRED, TEMPLATE_MIDLINE)
    assert found.side == side
    assert found.left_share == pytest.approx(left)
    assert found.crosses(3.0) is crosses
    assert found.centre_mm == pytest.approx((first + end - 1) / 2 - 9.5)


def test_an_array_that_runs_to_the_left_tells_the_same():
    flipped = np.diag([-1.0, 1.0, 1.0, 1.0]) @ CENTRED
    assert side_of(slab(0, 5)[::-1], flipped, TEMPLATE_MIDLINE) == side_of(
        slab(0, 5), CENTRED, TEMPLATE_MIDLINE
    )
    assert side_of(slab(0, 5), flipped, TEMPLATE_MIDLINE).side == "right"


def test_a_tilted_plane_equals_distances_one_by_one():
    rng = np.random.default_rng(0)
    mask = rng.random((6, 5, 4)) < 0.3
    midline = Midline((1.0, 2.0, 1.5), (2.0, 1.0, -0.5))
    found = side_of(mask, np.diag([1.0, 2.0, 0.7, 1.0]), midline)
    normal = np.array(midline.to_right) / np.linalg.norm(midline.to_right)
    far = [
        np.dot(np.array([i, 2 * j, 0.7 * k]) - midline.point_mm, normal)
        for i, j, k in np.argwhere(mask)
    ]
    assert found.left_share == pytest.approx(np.mean([d < 0 for d in far]))
    assert found.left_reach_mm == pytest.approx(-min(far))
    assert found.right_reach_mm == pytest.approx(max(far))


def test_a_voxel_on_the_plane_counts_half():
    affine = np.eye(4)
    affine[0, 3] = -1.0
    assert side_of(np.ones((3, 1, 1), dtype=bool), affine, TEMPLATE_MIDLINE).left_share == 0.5


def test_nothing_is_on_no_side():
    assert side_of(slab(3, 3), CENTRED, TEMPLATE_MIDLINE) is None


def test_a_normal_to_the_left_is_refused():
    with pytest.raises(ConfigError, match="a normal that points to the patient's right"):
        Midline((0.0, 0.0, 0.0), (-1.0, 0.0, 0.0))


def test_a_midline_at_the_edge_of_the_image_is_refused():
    check_midline((20, 4, 4), CENTRED, TEMPLATE_MIDLINE)
    brats = np.diag([-1.0, -1.0, 1.0, 1.0])  # origin in the corner, as BraTS writes it
    with pytest.raises(ConfigError, match="leaves 0% of the image on the right; x = 0 is"):
        check_midline((240, 240, 155), brats, TEMPLATE_MIDLINE)
    check_midline((240, 240, 155), brats, Midline((-119.5, 0.0, 0.0), (1.0, 0.0, 0.0)))
