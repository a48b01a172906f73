"""Lesions that were planted are listed, largest first."""

import numpy as np
import pytest

from fusion.errors import ConfigError
from fusion.lesions.lesion_list import lesions, numbered

AFFINE = np.array([[-2.0, 0, 0, 90.0], [0, 1.0, 0, -126.0], [0, 0, 3.0, -72.0], [0, 0, 0, 1.0]])
SPACING = (2.0, 1.0, 3.0)


def planted():
    masks = np.zeros((2, 20, 20, 12), dtype=bool)
    masks[0, 1:3, 1:4, 1:3] = True  # 12 voxels
    masks[0, 8:14, 10:16, 4:8] = True  # 144
    masks[1, 9:11, 11:13, 5] = True
    masks[1, 18, 18, 10] = True  # outside the whole tumour
    return masks


def test_lists_what_was_planted():
    large, small = lesions(planted(), ["WT", "ET"], AFFINE, SPACING)
    assert (large.number, small.number) == (1, 2)
    assert large.voxels == {"WT": 144, "ET": 4}
    assert small.voxels == {"WT": 12, "ET": 0}
    assert large.volumes_ml == {"WT": pytest.approx(144 * 0.006), "ET": pytest.approx(0.024)}
    assert large.box == ((8, 14), (10, 16), (4, 8))
    assert small.box == ((1, 3), (1, 4), (1, 3))
    # the middle of voxels 8..13, 10..15 and 4..7, by hand
    assert large.centroid_ras_mm == pytest.approx((90 - 2 * 10.5, -126 + 12.5, -72 + 3 * 5.5))
    assert large.diameters["ET"].longest_mm == pytest.approx(np.hypot(4.0, 2.0))
    assert large.diameters["ET"].slice_index == 5
    assert small.diameters["ET"] is None


def test_axial_is_what_the_affine_says():
    turned = np.moveaxis(planted(), 3, 1)  # the axis to the head comes first
    affine = AFFINE[:, [2, 0, 1, 3]]
    one = lesions(planted(), ["WT", "ET"], AFFINE, SPACING)[0]
    other = lesions(turned, ["WT", "ET"], affine, (3.0, 2.0, 1.0))[0]
    assert other.diameters == one.diameters
    assert other.centroid_ras_mm == pytest.approx(one.centroid_ras_mm)


def test_without_a_spacing_there_are_voxels_only():
    found = lesions(planted(), ["WT", "ET"], np.eye(4), None)[0]
    assert found.voxels == {"WT": 144, "ET": 4}
    assert found.volumes_ml is found.diameters is found.centroid_ras_mm is None


def test_numbers_go_by_size_and_corners_touch():
    mask = np.zeros((6, 6, 6), dtype=bool)
    mask[0, 0, 0] = mask[1, 1, 1] = True
    mask[5, 3:6, 0] = True
    marked, count = numbered(mask)
    assert count == 2
    assert marked[5, 4, 0] == 1
    assert marked[0, 0, 0] == marked[1, 1, 1] == 2


def test_no_tumour_has_no_lesion():
    assert lesions(np.zeros((1, 3, 3, 3), dtype=bool), ["WT"], np.eye(4), (1.0, 1.0, 1.0)) == []


def test_a_spacing_of_another_image_is_refused():
    with pytest.raises(ConfigError, match="take both from one image"):
        lesions(planted(), ["WT", "ET"], AFFINE, (1.0, 1.0, 1.0))
