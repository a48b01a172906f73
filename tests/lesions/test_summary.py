"""The table and the summary say what the lesions say, and are fit for CSV and JSON."""

import json

import numpy as np
import pytest

from fusion.errors import ConfigError
from fusion.lesions.lesion_list import lesions
from fusion.lesions.side import TEMPLATE_MIDLINE
from fusion.lesions.summary import summary
from fusion.lesions.table import lesion_table

REGIONS = ["WT", "TC", "ET"]
AFFINE = np.array([[-1.0, 0, 0, 14.5], [0, -1.0, 0, 9.0], [0, 0, 2.0, -5.0], [0, 0, 0, 1.0]])
SPACING = (1.0, 1.0, 2.0)


def masks():
    found = np.zeros((3, 30, 12, 10), dtype=bool)
    found[0, 1:9, 1:9, 1:6] = True
    found[1, 2:8, 2:8, 2:5] = True
    found[2, 2:8, 2:8, 2] = True
    found[0, 20:24, 3:6, 4:8] = True
    return found


def test_table_has_the_lesions():
    table = lesion_table(masks(), REGIONS, AFFINE, SPACING)
    found = lesions(masks(), REGIONS, AFFINE, SPACING)
    assert table["lesion"].tolist() == [1, 2]
    assert table["WT_ml"].tolist() == pytest.approx([0.64, 0.096])
    assert table["ET_longest_mm"].iloc[0] == found[0].diameters["ET"].longest_mm
    assert np.isnan(table["ET_longest_mm"].iloc[1])
    assert tuple(table.loc[0, ["x_mm", "y_mm", "z_mm"]]) == pytest.approx(found[0].centroid_ras_mm)
    assert tuple(table.loc[1, ["x_first", "x_end", "z_first", "z_end"]]) == (20, 24, 4, 8)


def test_table_of_no_lesion_has_the_same_columns():
    for spacing in (SPACING, None):
        some = lesion_table(masks(), REGIONS, AFFINE, spacing)
        none = lesion_table(masks() & False, REGIONS, AFFINE, spacing)
        assert len(none) == 0
        assert list(none.columns) == list(some.columns)


def test_table_without_a_spacing_has_no_millimetres():
    columns = lesion_table(masks(), REGIONS, np.eye(4), None).columns
    assert not [name for name in columns if name.endswith(("_mm", "_ml"))]
    assert "ET_voxels" in columns


def test_summary_is_json_and_adds_up():
    found = summary(masks(), REGIONS, AFFINE, SPACING, midline=TEMPLATE_MIDLINE)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    for name in REGIONS:
        assert sum(lesion["ml"][name] for lesion in found["lesions"]) == pytest.approx(
            found["regions"][name]["ml"]
        )
    assert found["sides"]["ET"] == {"side": "right", "left_share": 0.0, "crosses_midline": False}
    assert found["sides"]["WT"]["side"] == "both"
    assert found["vasari"]["F5 proportion enhancing"] == "6-33%"
    assert found["lesions"][1]["diameters_mm"]["ET"] is None


def test_summary_without_a_spacing_leaves_open_what_needs_one():
    found = summary(masks(), REGIONS, np.eye(4), None)
    assert found["regions"]["TC"] == {"voxels": 108, "ml": None}
    assert found["vasari"] is found["sides"] is found["spacing_mm"] is None
    assert found["lesions"][0]["diameters_mm"] is None
    json.dumps(found, allow_nan=False)


def test_summary_of_no_tumour():
    found = summary(masks() & False, REGIONS, AFFINE, SPACING, midline=TEMPLATE_MIDLINE)
    assert found["lesions"] == []
    assert found["sides"] == dict.fromkeys(REGIONS)
    json.dumps(found, allow_nan=False)


def test_a_midline_that_is_none_is_refused():
    affine = AFFINE.copy()
    affine[0, 3] = 0.0
    with pytest.raises(ConfigError, match="give the plane of this image, or none"):
        summary(masks(), REGIONS, affine, SPACING, midline=TEMPLATE_MIDLINE)
