"""Distances of surfaces: exact where geometry gives them, else against a loop."""

import numpy as np
import pytest

from fusion.metrics.surface import NOTHING_THERE_MM, SurfaceDistances, _percentile

SPACINGS = [(1.0, 1.0, 1.0), (0.5, 0.9, 3.0)]


@pytest.mark.parametrize("spacing_mm", SPACINGS)
@pytest.mark.parametrize("voxels", [0, 1, 4])
def test_two_planes_are_as_far_apart_as_they_are(spacing_mm, voxels):
    """Slabs that begin apart by so many voxels, and end so too: every element is so far away."""
    one, other = np.zeros((2, 30, 9, 8), dtype=bool)
    one[4:14, :, :] = True
    other[4 + voxels : 14 + voxels, :, :] = True
    found = SurfaceDistances.between(one, other, spacing_mm)
    if voxels:
        # the faces at the array's border are elements too, and lie nearer
        assert found.hausdorff_mm(100.0) == pytest.approx(voxels * spacing_mm[0])
    assert found.hausdorff_mm() == pytest.approx(voxels * spacing_mm[0])
    back = SurfaceDistances.between(other, one, spacing_mm)
    assert back.hausdorff_mm() == found.hausdorff_mm()


def test_the_larger_of_both_ways_is_taken():
    """All of the one lies on the other, which has an end that is far away."""
    one, other = np.zeros((2, 40, 8, 8), dtype=bool)
    one[2:6, 2:6, 2:6] = other[2:6, 2:6, 2:6] = True
    other[30:34, 2:6, 2:6] = True
    found = SurfaceDistances.between(one, other, (1.0, 1.0, 1.0))
    assert found.to_truth_mm.max() == 0.0
    assert found.hausdorff_mm() > 20
    assert SurfaceDistances.between(other, one, (1.0, 1.0, 1.0)).hausdorff_mm() > 20


def test_five_percent_of_the_area_may_be_far_away():
    """That is what 95 means: HD95 leaves a single stray voxel out, HD100 does not."""
    one, other = np.zeros((2, 40, 20, 20), dtype=bool)
    one[2:18, 2:18, 2:18] = other[2:18, 2:18, 2:18] = True
    other[38, 10, 10] = True
    found = SurfaceDistances.between(one, other, (1.0, 1.0, 1.0))
    assert found.hausdorff_mm() == 0.0
    assert found.hausdorff_mm(100.0) > 20


def test_percentiles_are_by_area():
    """Of elements sorted by distance, the first at which the area reached suffices."""
    distances, areas = np.array([3.0, 1.0, 2.0]), np.array([1.0, 8.0, 1.0])
    asked = (79.0, 81.0, 91.0, 100.0)
    assert [_percentile(distances, areas, p) for p in asked] == [1.0, 2.0, 3.0, 3.0]


def elements(mask, spacing_mm):
    """Corners between voxels at which the mask changes, as index, by a loop."""
    padded = np.pad(mask, 1)
    found = []
    for corner in np.ndindex(*(n - 1 for n in padded.shape)):
        block = padded[tuple(slice(c, c + 2) for c in corner)]
        if block.any() and not block.all():
            found.append(corner)
    return np.array(found) * np.array(spacing_mm)


@pytest.mark.parametrize("spacing_mm", SPACINGS)
def test_distances_are_those_of_a_loop(spacing_mm):
    rng = np.random.default_rng(3)
    one, other = np.zeros((2, 8, 7, 6), dtype=bool)
    one[1:6, 1:5, 1:4] = True
    other[2:7, 1:6, 2:5] = True
    one &= rng.random(one.shape) < 0.9
    found = SurfaceDistances.between(one, other, spacing_mm)
    mine, its = elements(one, spacing_mm), elements(other, spacing_mm)
    apart = np.linalg.norm(mine[:, None] - its[None], axis=2)
    np.testing.assert_allclose(np.sort(found.to_truth_mm), np.sort(apart.min(axis=1)))
    np.testing.assert_allclose(np.sort(found.to_predicted_mm), np.sort(apart.min(axis=0)))


def test_the_area_of_a_wall_is_its_area():
    """Elements inside a wall count a voxel's face each; no more is asked of edges and corners."""
    box = np.zeros((24, 24, 24), dtype=bool)
    box[2:22, 2:22, 2:22] = True
    spacing_mm = (1.0, 1.0, 2.0)
    found = SurfaceDistances.between(box, box, spacing_mm)
    true = 2 * (20 * 20) + 4 * (20 * 40)
    # the pattern of an edge cuts it off, by less than a voxel along 12 edges
    assert 0.93 * true < found.areas_truth.sum() < true


@pytest.mark.parametrize("tolerance_mm", [0.0, 1.0, 1.5, 3.0])
@pytest.mark.parametrize("spacing_mm", SPACINGS)
def test_share_within_is_that_of_a_loop(tolerance_mm, spacing_mm):
    rng = np.random.default_rng(5)
    one, other = rng.random((2, 7, 8, 6)) < 0.2
    found = SurfaceDistances.between(one, other, spacing_mm)
    near = whole = 0.0
    for distances, areas in (
        (found.to_truth_mm, found.areas_predicted),
        (found.to_predicted_mm, found.areas_truth),
    ):
        for distance, area in zip(distances, areas, strict=True):
            near += area * (distance <= tolerance_mm)
            whole += area
    assert found.share_within(tolerance_mm) == pytest.approx(near / whole)
    assert found.share_within(1e3) == pytest.approx(1.0)


def test_the_conventions_for_nothing():
    """Of BraTS: 0 mm where both are empty, 374 mm where one is, and it is no infinity or NaN."""
    nothing, box = np.zeros((2, 6, 6, 6), dtype=bool)
    box[2:4, 2:4, 2:4] = True
    both = SurfaceDistances.between(nothing, nothing, (1.0, 1.0, 1.0))
    assert (both.hausdorff_mm(), both.share_within(1.0)) == (0.0, 1.0)
    for pair in ((nothing, box), (box, nothing)):
        one = SurfaceDistances.between(*pair, (1.0, 1.0, 1.0))
        assert (one.hausdorff_mm(), one.share_within(1.0)) == (NOTHING_THERE_MM, 0.0)


def test_a_mask_that_fills_the_grid_has_a_surface():
    full = np.ones((5, 5, 5), dtype=bool)
    found = SurfaceDistances.between(full, full, (1.0, 1.0, 1.0))
    assert found.hausdorff_mm() == 0.0
    assert found.share_within(0.0) == 1.0
