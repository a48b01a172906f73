"""Numbers on lesions: planted shapes, and what never matters."""

import numpy as np
import pytest
import torch

from fusion.encoders.lesion_shape import FINEST, lesion_shape, shape_width


def boxes(*places, side=16, regions=1):
    inside = torch.zeros(1, regions, side, side, side, dtype=torch.bool)
    for x, y, z, size in places:
        inside[0, 0, x : x + size, y : y + size, z : z + size] = True
    return inside


def test_planted_lesions():
    """A cube of 4, one of 2, and a voxel that is no lesion yet counts as volume."""
    inside = boxes((1, 1, 1, 4), (9, 9, 9, 2), (14, 14, 1, 1), regions=2)
    inside[0, 1, 1:3, 1:3, 1:3] = True
    found = lesion_shape(inside)[0].tolist()
    voxels = 64 + 8 + 1
    surface = 6 * 16 + 6 * 4 + 6
    expected = [
        np.log1p(voxels) / 10, np.log1p(8) / 10, 1.0, 8 / voxels,
        np.log1p(2), 64 / voxels, surface / voxels ** (2 / 3) / 6, 1.0,
    ]  # fmt: skip
    assert found == pytest.approx(expected, rel=1e-6)
    assert len(found) == shape_width(2)


def test_the_place_and_the_mirror_never_matter():
    inside = boxes((1, 2, 3, 4), (9, 9, 9, 3))
    for other in (inside.flip(2), inside.flip(4), inside.roll(2, dims=3), inside.transpose(2, 4)):
        torch.testing.assert_close(lesion_shape(other), lesion_shape(inside))


def test_nothing_gives_zeros_and_specks_are_no_lesions():
    assert not lesion_shape(boxes(regions=3)).any()
    specks = lesion_shape(boxes((2, 2, 2, 1)))[0]
    assert specks[0] > 0
    assert not specks[2:].any()


def test_a_part_without_a_whole_stays_finite():
    inside = boxes(regions=2)
    inside[0, 1, :2] = True
    assert lesion_shape(inside).isfinite().all()


def test_a_finer_mask_is_halved_for_counting_and_keeps_its_size():
    """The sizes of regions are of the grid as it is, lesions of the halved one."""
    coarse = boxes((4, 4, 4, 8), (20, 20, 20, 4), side=FINEST)
    fine = coarse.repeat_interleave(2, 2).repeat_interleave(2, 3).repeat_interleave(2, 4)
    one, two = lesion_shape(coarse)[0], lesion_shape(fine)[0]
    torch.testing.assert_close(two[1:], one[1:])
    assert two[0].item() == pytest.approx(np.log1p(8 * (512 + 64)) / 10)


def test_a_patient_alone_is_the_row_of_the_batch():
    both = torch.cat([boxes((1, 1, 1, 4)), boxes((3, 3, 3, 2), (9, 9, 9, 3))])
    torch.testing.assert_close(lesion_shape(both)[1:], lesion_shape(both[1:]))
