import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import points_in_poly

from fusion.data.prepare.tissue_polygons import fill, read_polygons

SQUARE = [[0, 0], [40, 0], [40, 40], [0, 40], [0, 0]]
HOLE = [[10, 10], [10, 20], [20, 20], [20, 10], [10, 10]]
POLYGON = {"type": "Polygon", "coordinates": [SQUARE, HOLE]}


@given(seed=st.integers(0, 2**31), corners=st.integers(3, 40))
@settings(max_examples=60, deadline=None)
def test_pixels_are_those_whose_centre_is_inside(seed, corners):
    """Against skimage's test of one point at a time; rings may cross themselves and the border."""
    rng = np.random.default_rng(seed)
    ring = rng.uniform(-8, 40, (corners, 2))
    mask = np.zeros((30, 34), dtype=bool)
    fill(mask, [ring])
    y, x = np.mgrid[:30, :34] + 0.5
    inside = points_in_poly(np.stack([x, y], axis=-1).reshape(-1, 2), ring).reshape(30, 34)
    np.testing.assert_array_equal(mask, inside)


def test_holes_are_left_out_and_earlier_pixels_are_kept():
    mask = np.zeros((50, 50), dtype=bool)
    fill(mask, [np.array(SQUARE, dtype=float), np.array(HOLE, dtype=float)])
    assert mask.sum() == 40 * 40 - 10 * 10
    assert not mask[10:20, 10:20].any()
    island = np.array([[12, 12], [18, 12], [18, 18], [12, 18]], dtype=float)
    fill(mask, [island])
    fill(mask, [island])  # twice is not none
    assert mask.sum() == 40 * 40 - 10 * 10 + 36


def test_neighbours_share_no_pixel_and_leave_none_out():
    """A row whose centre lies on a corner belongs to one of two polygons that meet there."""
    left = np.array([[0, 0], [5.5, 2.5], [5.5, 6.5], [0, 9]])
    right = np.array([[0, 0], [9, 0], [9, 9], [0, 9], [5.5, 6.5], [5.5, 2.5]])
    masks = np.zeros((2, 9, 9), dtype=bool)
    for mask, ring in zip(masks, (left, right), strict=True):
        fill(mask, [ring])
    assert (masks.sum(axis=0) == 1).all()


def test_a_ring_beyond_the_grid_and_a_thin_one_are_nothing():
    mask = np.zeros((9, 9), dtype=bool)
    fill(mask, [np.array([[20.0, 20], [30, 20], [30, 30]])])
    fill(mask, [np.array([[-9.0, -9], [-5, -9], [-5, -5]])])
    fill(mask, [np.array([[3.6, 1], [3.9, 1], [3.9, 8]])])
    assert not mask.any()


FEATURE = {"type": "Feature", "properties": {"classification": {"name": "Tissue"}}}


@pytest.mark.parametrize(
    ("content", "polygons"),
    [
        (POLYGON, 1),
        ({**FEATURE, "geometry": POLYGON}, 1),
        ({"type": "FeatureCollection", "features": [{**FEATURE, "geometry": POLYGON}] * 2}, 2),
        ([POLYGON, POLYGON], 2),
        ([{**FEATURE, "geometry": POLYGON}, {**FEATURE, "geometry": None}], 1),
        ({"type": "MultiPolygon", "coordinates": [[SQUARE, HOLE], [SQUARE]]}, 2),
        ({"type": "GeometryCollection", "geometries": [POLYGON]}, 1),
    ],
)
def test_what_qupath_and_others_write_is_read(tmp_path, content, polygons):
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps(content), encoding="utf-8-sig")
    found = read_polygons(path)
    assert len(found) == polygons
    np.testing.assert_array_equal(found[0][0], SQUARE)
    np.testing.assert_array_equal(found[0][1], HOLE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "it is no GeoJSON"),
        ("\x00\x01", "it is no GeoJSON"),
        ("[" * 100_000, "it is no GeoJSON"),
        ("[]", "it holds no polygon"),
        ('{"type": "FeatureCollection", "features": []}', "it holds no polygon"),
        ('{"type": "Point", "coordinates": [1, 2]}', "it holds a Point, expected polygons"),
        ('{"shapes": []}', "it holds a None, expected polygons"),
        ("3", "it holds a int, expected polygons"),
        ('{"type": "Polygon", "coordinates": [[[1, 2], [3, 4]]]}', "2 different corners"),
        ('{"type": "Polygon", "coordinates": [[]]}', "0 different corners"),
        ('{"type": "Polygon", "coordinates": [[["x", 2], [3, 4], [5, 6]]]}', "no pairs of numbers"),
        ('{"type": "Polygon", "coordinates": [[1, 2, 3]]}', "no pairs of numbers"),
        ('{"type": "Polygon", "coordinates": [[[1], [3, 4], [5, 6]]]}', "no pairs of numbers"),
        ('{"type": "Polygon", "coordinates": [[[NaN, 2], [3, 4], [5, 6]]]}', "is not finite"),
        ('{"type": "Polygon"}', "0 different corners"),
    ],
)
def test_anything_else_is_refused(tmp_path, text, message):
    path = tmp_path / "a.geojson"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_polygons(path)
