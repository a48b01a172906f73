"""Shapes against the IBSI's reference values and against solids."""

import numpy as np
import pytest

from fusion.errors import ConfigError, UndefinedMetric
from fusion.lesions.shape import shape_features

# of the digital phantom, with the tolerance that is given beside each: IBSI reference manual
# (arXiv 1612.07003), tables of section 3.1
REFERENCE = {
    "morph.vol": (556, 4),
    "morph.approx.vol": (592, 4),
    "morph.area": (388, 3),
    "morph.av": (0.698, 0.004),
    "morph.comp.1": (0.0411, 0.0003),
    "morph.comp.2": (0.599, 0.004),
    "morph.sph.dispr": (1.19, 0.01),
    "morph.sphericity": (0.843, 0.005),
    "morph.asphericity": (0.186, 0.001),
    "morph.diam": (13.1, 0.1),
    "morph.pca.major": (11.4, 0.1),
    "morph.pca.minor": (9.31, 0.06),
    "morph.pca.least": (8.54, 0.05),
    "morph.pca.elongation": (0.816, 0.005),
    "morph.pca.flatness": (0.749, 0.005),
}


def test_digital_phantom_of_the_ibsi(phantom):
    found = shape_features(phantom.mask, phantom.spacing_mm)
    assert found.keys() == REFERENCE.keys()
    for name, (value, tolerance) in REFERENCE.items():
        assert found[name] == pytest.approx(value, abs=tolerance), name


def test_ball():
    r = 15.0
    at = np.indices((41, 41, 21)) * np.array([1.0, 1.0, 2.0])[:, None, None, None] - 20
    found = shape_features((at**2).sum(axis=0) <= r**2, (1.0, 1.0, 2.0))
    # a mesh through the midpoints of voxel edges is a little inside for volumes (1.5 %), and its
    # facets are steps, which make a surface some 8 % too large: the price of marching cubes on
    # a mask of 0 and 1
    assert found["morph.vol"] == pytest.approx(4 / 3 * np.pi * r**3, rel=0.015)
    assert 1.04 < found["morph.area"] / (4 * np.pi * r**2) < 1.13
    assert 0.88 < found["morph.sphericity"] < 0.96
    assert found["morph.diam"] == pytest.approx(2 * r, abs=2.0)
    # the spread along each axis of a ball is r / sqrt(5)
    assert found["morph.pca.major"] == pytest.approx(4 * r / 5**0.5, rel=0.02)
    assert found["morph.pca.flatness"] == pytest.approx(1.0, abs=0.02)


def test_box():
    mask = np.zeros((22, 14, 12), dtype=bool)
    mask[1:21, 2:12, 3:11] = True
    found = shape_features(mask, (1.0, 2.0, 1.0))
    assert found["morph.approx.vol"] == 20 * 20 * 8
    # edges and corners are bevelled: the volume falls short by a prism of (d1 / 2)(d2 / 2) / 2
    # along each edge, less at the corners
    short = 20 * 20 * 8 - found["morph.vol"]
    edges = 4 * (20 * 2 * 1 / 8 + 20 * 1 * 1 / 8 + 8 * 1 * 2 / 8)
    assert 0.9 * edges < short < edges
    assert found["morph.pca.flatness"] < 0.5


def test_a_mask_at_the_border_is_closed_and_place_does_not_matter():
    small, large = np.ones((4, 3, 5), dtype=bool), np.zeros((12, 9, 11), dtype=bool)
    large[5:9, 2:5, 4:9] = True
    one, other = (shape_features(mask, (1.0, 1.5, 2.0)) for mask in (small, large))
    assert one == pytest.approx(other, rel=1e-6)


def test_a_single_voxel_has_no_axes():
    found = shape_features(np.ones((1, 1, 1), dtype=bool), (1.0, 1.0, 1.0))
    assert "morph.pca.major" not in found
    assert found["morph.approx.vol"] == 1


def test_what_has_no_shape_is_refused():
    with pytest.raises(UndefinedMetric, match="the mask is empty"):
        shape_features(np.zeros((3, 3, 3), dtype=bool), (1.0, 1.0, 1.0))
    with pytest.raises(ConfigError, match="a shape needs millimetres"):
        shape_features(np.ones((3, 3, 3), dtype=bool), None)
