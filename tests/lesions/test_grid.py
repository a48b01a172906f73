"""What grids are refused, and which axis runs where."""

import itertools

import numpy as np
import pytest

from fusion.errors import ConfigError
from fusion.lesions.grid import axes_to_ras, check_grid, known_spacing, to_ras_mm, voxel_ml


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("tilt", [0.0, 0.3])
def test_finds_the_axes_of_any_order_flip_and_tilt(order, tilt):
    turn = np.eye(3)
    turn[:2, :2] = [[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]]
    affine = np.eye(4)
    affine[:3, :3] = turn @ (np.diag([-1.0, 2.0, -3.0])[:, list(order)])
    assert axes_to_ras(affine) == tuple(order.index(world) for world in range(3))


@pytest.mark.parametrize("affine", [np.zeros((4, 4)), np.full((4, 4), np.nan), np.ones((4, 4))])
def test_an_affine_without_axes_is_refused(affine):
    with pytest.raises(ConfigError, match="is singular or not finite; read it anew"):
        axes_to_ras(affine)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (1.0, 0.0, 1.0), (1.0, np.inf, 1.0)])
def test_a_spacing_that_is_none_is_refused(spacing):
    with pytest.raises(ConfigError, match="expected three finite lengths above zero"):
        known_spacing(spacing, "a volume")


def test_an_unknown_spacing_is_refused():
    with pytest.raises(ConfigError, match="a volume needs millimetres, and the spacing"):
        voxel_ml(None)


def test_affine_and_spacing_must_agree():
    affine = np.diag([1.0, 1.0, 3.0, 1.0])
    check_grid(affine, (1.0, 1.0, 3.02))
    with pytest.raises(ConfigError, match=r"but the affine has voxels of \[1.0, 1.0, 3.0\] mm"):
        check_grid(affine, (1.0, 3.0, 1.0))


def test_places_are_those_of_the_affine():
    rng = np.random.default_rng(0)
    affine = np.eye(4)
    affine[:3] = rng.normal(size=(3, 4))
    index = rng.normal(size=(5, 3))
    expected = [(affine @ np.append(i, 1))[:3] for i in index]
    np.testing.assert_allclose(to_ras_mm(index, affine), expected, atol=1e-12)
