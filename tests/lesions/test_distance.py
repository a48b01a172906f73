"""Distances against all pairs of voxels."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from fusion.errors import ConfigError
from fusion.lesions.distance import signed_distances_mm, structure_distance

SPACING = (0.8, 1.5, 3.0)


@pytest.mark.parametrize("seed", range(4))
def test_equals_brute_force(seed):
    rng = np.random.default_rng(seed)
    structure = rng.random((6, 7, 5)) < 0.25
    places = np.argwhere(np.ones_like(structure)) * SPACING
    inside = structure.ravel()
    apart = cdist(places, places)
    expected = np.where(inside, -apart[:, ~inside].min(axis=1), apart[:, inside].min(axis=1))
    found = signed_distances_mm(structure, SPACING)
    np.testing.assert_allclose(found.ravel(), expected, atol=1e-12)


def test_distance_of_boxes():
    tumour, structure = np.zeros((2, 20, 10, 10), dtype=bool)
    tumour[2:5, 2:6, 2:6] = structure[9:12, 2:6, 2:6] = True
    found = structure_distance(tumour, structure, SPACING)
    assert found.nearest_mm == pytest.approx(5 * 0.8)  # centres of voxels 4 and 9
    assert found.overlap_ml == 0


def test_inside_is_below_zero_and_as_deep():
    tumour, structure = np.zeros((2, 15, 15, 15), dtype=bool)
    structure[2:13, 2:13, 2:13] = tumour[7, 7, 7] = True
    found = structure_distance(tumour, structure, (1.0, 1.0, 1.0))
    assert found.nearest_mm == pytest.approx(-6.0)  # the centre 7 to the first outside, 13
    assert found.overlap_ml == pytest.approx(0.001)


def test_what_cannot_be_measured_is_refused():
    some, none = np.zeros((2, 3, 3, 3), dtype=bool)
    some[0] = True
    with pytest.raises(ConfigError, match="a distance needs millimetres"):
        structure_distance(some, some, None)
    with pytest.raises(ValueError, match="the structure is empty, so that nothing"):
        structure_distance(some, none, SPACING)
    with pytest.raises(ValueError, match="the structure is the whole array"):
        structure_distance(some, ~none, SPACING)
    with pytest.raises(ValueError, match="bring both to one grid first"):
        structure_distance(some, some[:2], SPACING)
    assert structure_distance(none, some, SPACING) is None
