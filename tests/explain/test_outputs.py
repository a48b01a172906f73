"""What is written: squares that close, in pixels of the slide; maps that average."""

import json

import numpy as np
import pandas as pd
import pytest

from fusion.data.prepare.tissue_polygons import read_polygons
from fusion.errors import ReadError, UndefinedMetric
from fusion.explain.colours import rgba
from fusion.explain.geojson import tile_geojson
from fusion.explain.heat_map import score_grid
from fusion.explain.planted import planted_auc, read_signal
from tests.explain.example import scored

CORNERS = [[0, 0], [100, 0], [0, 300]]


def test_geojson_holds_the_tiles_of_one_slide_as_closed_squares(tmp_path):
    tiles = scored([1.0, -2.0, 0.5], CORNERS, slide=[0, 1, 1], paths=("one.tif", "two.tif"))
    path = tmp_path / "tiles.geojson"
    path.write_bytes(tile_geojson(tiles, 1))
    rings = [polygon[0] for polygon in read_polygons(path)]
    assert len(rings) == 2
    for ring, corner in zip(rings, ([200, 0], [0, 600]), strict=True):
        x, y = corner  # level-0 pixels at 0.5 microns
        expected = [[x, y], [x + 200, y], [x + 200, y + 200], [x, y + 200], [x, y]]
        assert ring.tolist()[:5] == expected
    features = json.loads(path.read_bytes())["features"]
    assert [f["properties"]["objectType"] for f in features] == ["tile", "tile"]
    name = "integrated_gradients: kind: b"
    assert [f["properties"]["measurements"][name] for f in features] == [-2.0, 0.5]
    assert len({f["id"] for f in features}) == 2
    assert tile_geojson(tiles, 1) == path.read_bytes()


def test_colours_are_red_for_and_blue_against():
    red, blue, white = rgba(scored([1.0, -1.0, 0.0], CORNERS))
    assert red[0] > red[2]
    assert blue[2] > blue[0]
    assert white[:3].min() > 0.95


def test_a_map_averages_tiles_where_they_overlap():
    rng = np.random.default_rng(0)
    corners = rng.integers(0, 12, (20, 2)) * 25.0  # a quarter of a tile
    values = rng.standard_normal(20)
    found = score_grid(scored(values, corners), 0)
    for row in range(found.shape[0]):
        for column in range(found.shape[1]):
            x, y = 25 * column + 12.5, 25 * row + 12.5
            over = [
                v
                for v, (left, top) in zip(values, corners, strict=True)
                if left < x < left + 100 and top < y < top + 100
            ]
            expected = np.mean(over) if over else np.nan
            np.testing.assert_allclose(found[row, column], expected)


def test_a_table_puts_the_most_telling_tile_first():
    table = scored([1.0, 3.0, 2.0], CORNERS).table()
    assert table["score"].tolist() == [3.0, 2.0, 1.0]
    assert table["x_px"].tolist() == [200, 0, 0]


@pytest.fixture
def truth(tmp_path):
    def written(**columns):
        base = {
            "path": "slides/one.tif",
            "patient_id": "p1",
            "x_px": [0, 200, 0],
            "y_px": [0, 0, 600],
        }
        path = tmp_path / "truth.csv"
        pd.DataFrame({**base, **columns}).to_csv(path, index=False)
        return path

    return written


def test_planted_tiles_are_found_by_place(truth):
    table = read_signal(truth(signal=[0.0, 1.0, 0.3]))
    assert planted_auc(scored([0.0, 1.0, 9.0], CORNERS), table) == 1.0  # 0.3 is asked of nobody
    assert planted_auc(scored([2.0, 1.0, 9.0], CORNERS), table) == 0.0
    with pytest.raises(UndefinedMetric):
        planted_auc(scored([2.0, 1.0, 9.0], CORNERS, paths=("two.tif",)), table)


def test_a_table_that_is_none_is_refused(truth, tmp_path):
    with pytest.raises(ReadError, match="no column signal; expected path"):
        read_signal(truth())
    with pytest.raises(ReadError, match="line 3: signal is outside"):
        read_signal(truth(signal=[0.0, 7.0, 0.3]))
    with pytest.raises(ReadError, match="cannot be read as a table"):
        read_signal(tmp_path / "absent.csv")
