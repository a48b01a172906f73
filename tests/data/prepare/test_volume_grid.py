"""Physical positions survive every change of grid."""

import itertools

import numpy as np
import pytest

from fusion.data.prepare.volume_grid import (
    corner,
    cut,
    resample,
    resample_labels,
    to_index,
    to_mm,
    to_ras,
)


def oblique(seed):
    """A grid with right angles, turned at random, spacing 0.8 to 3 mm, of either handedness."""
    rng = np.random.default_rng(seed)
    affine = np.eye(4)
    affine[:3, :3] = np.linalg.qr(rng.normal(size=(3, 3)))[0] * rng.uniform(0.8, 3, 3)
    affine[:3, 3] = rng.normal(0, 50, 3)
    return affine


@pytest.mark.parametrize("seed", range(8))
def test_a_planted_point_stays_within_half_a_voxel(seed):
    rng = np.random.default_rng(seed)
    affine = oblique(seed)
    image = np.zeros((26, 24, 22), np.float32)
    index = rng.integers(7, 15, 3)
    image[tuple(index)] = 1
    point_mm = to_mm(index.astype(float), affine)
    turned, ras = to_ras(image, affine)
    assert turned.sum() == 1
    np.testing.assert_allclose(
        to_mm(np.argwhere(turned)[0].astype(float), ras), point_mm, atol=1e-4
    )
    for spacing_mm in ((1.0, 1.3, 0.9), (3.0, 2.0, 4.0)):
        moved, grid = resample(turned, ras, spacing_mm)
        np.testing.assert_allclose(np.linalg.norm(grid[:3, :3], axis=0), spacing_mm, rtol=1e-6)
        centre = (np.argwhere(moved > 0) * moved[moved > 0][:, None]).sum(0) / moved.sum()
        assert np.abs(to_index(point_mm, grid) - centre).max() < 0.5
    labels, grid = resample_labels(turned, ras, (0.5, 0.6, 0.7))
    assert set(np.unique(labels)) == {0, 1}
    assert np.abs(to_index(point_mm, grid) - np.argwhere(labels).mean(axis=0)).max() < 0.5


def test_every_storage_of_one_head_gives_the_same_array():
    """All 48 orders and directions of axes."""
    rng = np.random.default_rng(0)
    image = rng.normal(size=(5, 6, 7)).astype(np.float32)
    affine = np.diag([1.0, 2.0, 3.0, 1.0])
    affine[:3, 3] = -10, 20, 30
    for order in itertools.permutations(range(3)):
        for flips in itertools.product((1, -1), repeat=3):
            stored = image.transpose(order)[tuple(slice(None, None, s) for s in flips)]
            move = np.zeros((4, 4))  # stored index -> image index
            move[3, 3] = 1
            for axis, (source, sign) in enumerate(zip(order, flips, strict=True)):
                move[source, axis] = sign
                move[source, 3] = 0 if sign == 1 else image.shape[source] - 1
            turned, ras = to_ras(np.ascontiguousarray(stored), affine @ move)
            np.testing.assert_array_equal(turned, image)
            np.testing.assert_allclose(ras, affine, atol=1e-9)


def test_a_grid_that_fits_is_left_alone():
    image = np.random.default_rng(0).normal(size=(5, 5, 5)).astype(np.float32)
    same, _ = resample(image, np.diag([2.0, 2.0, 2.0, 1.0]), (2.0, 2.0, 2.0))
    np.testing.assert_array_equal(same, image)


def test_a_coarser_grid_does_not_alias():
    """A checkerboard is grey from afar; taking every second voxel would give one colour."""
    image = (np.indices((24, 24, 24)).sum(axis=0) % 2).astype(np.float32)
    coarse, _ = resample(image, np.eye(4), (4.0, 4.0, 4.0))
    np.testing.assert_allclose(coarse[1:-1, 1:-1, 1:-1], 0.5, atol=0.02)


@pytest.mark.parametrize("size", [4, 5])
def test_a_cut_is_centred_and_filled_with_zeros(size):
    image = np.zeros((9, 9, 9), np.float32)
    for index in itertools.product((0, 4, 8), repeat=3):
        image[:] = 0
        image[index] = 1
        box = cut(image, np.array(index, float), (size,) * 3)
        assert box.shape == (size,) * 3
        found = np.argwhere(box)
        assert np.abs(found - (size - 1) / 2).max() <= 0.5
        np.testing.assert_array_equal(
            corner(np.array(index, float), (size,) * 3), np.array(index) - found[0]
        )


def test_a_cut_far_outside_is_empty_and_a_large_one_pads():
    image = np.ones((3, 3, 3), np.float32)
    assert not cut(image, np.array([50.0, 1.0, 1.0]), (4, 4, 4)).any()
    padded = cut(image, np.array([1.0, 1.0, 1.0]), (7, 7, 7))
    assert padded.sum() == 27
    assert padded[2:5, 2:5, 2:5].all()
