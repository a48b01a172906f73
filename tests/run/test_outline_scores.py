"""Planted outlines: every number of the table is known beforehand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fusion.data.label_scheme import label_scheme
from fusion.data.readers.volume import VolumeFile
from fusion.report.outline_section import outline_rows
from fusion.run.outline_planes import pictured
from fusion.run.outline_scores import lesion_marks, region_scores
from fusion.run.outlined import Outlined

REGIONS = ("WT", "TC")
SHAPE = (30, 20, 10)


def outlined(share, spacing=(1.0, 1.0, 2.0)):
    share = np.array(share, dtype=np.float32)
    edges = (1.0, 1.0, 1.0) if spacing is None else spacing
    return Outlined(
        patient="P1",
        regions=REGIONS,
        share=share,
        masks=share > 0.5,
        uncertainty_bits=np.zeros(SHAPE, np.float32),
        affine=np.diag([*edges, 1.0]),
        spacing_mm=spacing,
        clipped=0,
    )


@pytest.fixture
def drawn():
    """Two lesions of 125 and 64 voxels, the first with a core of 27."""
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[2:7, 2:7, 2:7] = 2
    labels[3:6, 3:6, 3:6] = 1
    labels[20:24, 10:14, 4:8] = 2
    return labels


def test_a_faithful_outline_is_perfect(drawn):
    found = outlined([drawn > 0, drawn == 1])
    rows = list(region_scores(found, drawn, label_scheme("brats_2023"), rule="glioma",
                              tolerance_mm=1.0))  # fmt: skip
    assert [row["region"] for row in rows] == ["WT", "TC"]
    for row, voxels in zip(rows, (125 + 64, 27), strict=True):
        assert (row["dice"], row["hd95_mm"], row["nsd"]) == (1.0, 0.0, 1.0)
        assert row["truth_voxels"] == row["predicted_voxels"] == voxels
        assert row["truth_ml"] == pytest.approx(voxels * 2 / 1000)
        assert (row["lesions_missed"], row["lesions_false"]) == (0, 0)


def test_half_of_a_lesion_and_one_that_is_not_there(drawn):
    """Dice by hand: 75 of 189 found, 8 of what was outlined is not there."""
    share = np.zeros((2, *SHAPE))
    share[0, 2:5, 2:7, 2:7] = 0.9
    share[0, 27:29, 17:19, 8:10] = 0.8
    rows = list(region_scores(outlined(share), drawn, label_scheme("brats_2023"), rule="metastases",
                              tolerance_mm=1.0))  # fmt: skip
    assert rows[0]["dice"] == pytest.approx(2 * 75 / (75 + 8 + 189))
    assert (rows[0]["lesions_found"], rows[0]["lesions_missed"]) == (1, 1)
    assert rows[0]["lesions_false"] == 1
    assert rows[1]["dice"] == 0.0


def test_what_a_scheme_does_not_tell_is_not_scored(drawn):
    found = outlined([drawn > 0, drawn == 1])
    rows = list(region_scores(found, (drawn > 0).astype(np.uint8), label_scheme("whole_tumour"),
                              rule="glioma", tolerance_mm=1.0))  # fmt: skip
    assert [row["region"] for row in rows] == ["WT"]


def test_without_a_spacing_there_is_dice_alone(drawn):
    found = outlined([drawn > 0, drawn == 1], spacing=None)
    rows = list(region_scores(found, drawn, label_scheme("brats_2023"), rule="glioma",
                              tolerance_mm=1.0))  # fmt: skip
    assert set(rows[0]) == {"region", "dice", "truth_voxels", "predicted_voxels"}


def test_marks_are_connected_parts_scored_by_their_highest(drawn):
    share = np.zeros((2, *SHAPE))
    share[0, 2:4, 2:7, 2:7] = 0.3
    share[0, 2, 2, 2] = 0.7
    share[0, 27:29, 17:19, 8:10] = 0.2
    marks, lesions = lesion_marks(outlined(share), drawn, label_scheme("brats_2023"))
    assert lesions == 2
    assert [(round(m["score"], 3), m["hit"]) for m in marks] == [(0.7, 0), (0.2, None)]


def test_rows_are_of_patients_and_of_each_centre():
    table = pd.DataFrame(
        {
            "patient_id": ["a", "b", "c"],
            "center": ["A", "A", "B"],
            "part": "external",
            "region": "WT",
            "dice": [0.5, 0.7, 0.9],
            "lesions_found": [1, 0, 2],
            "lesions_missed": [1, 0, 0],
            "lesions_false": [0, 3, 0],
        }
    )
    marks = pd.DataFrame(
        {"patient_id": ["a", "b"], "part": "external", "score": [0.9, None], "hit": [0, None],
         "lesions": [1, 0]}
    )  # fmt: skip
    rows = list(outline_rows(table, marks, draws=100, seed=0))
    found = {(row.group, row.measure): row.value for row in rows}
    assert found["all", "Dice"] == pytest.approx(0.7)
    assert found["A", "Dice"] == pytest.approx(0.6)
    assert (found["all", "Found"], found["all", "False"]) == (0.75, 1.0)
    assert found["all", "FROC"] == 1.0
    reasons = {(row.group, row.measure): row.reason for row in rows}
    assert "no spacing" in reasons["all", "HD95"]
    assert "needs 2 patients" in reasons["B", "Dice"]


@pytest.mark.parametrize("known", [True, False])
def test_sides_have_letters_only_where_the_orientation_is_known(drawn, known):
    found = outlined([drawn > 0, drawn == 1], spacing=(1.0, 1.0, 2.0) if known else None)
    volume = VolumeFile(
        Path("t1.nii.gz"), drawn.astype(np.float32), found.affine, (1.0, 1.0, 1.0), known
    )
    shown = pictured(found, volume, "T1", drawn > 0, 1.0)
    letters = [plane.right for plane in shown.planes]
    assert letters == ([("R", "L"), ("R", "L"), ("A", "P")] if known else [("", "")] * 3)
    axial = shown.planes[0]
    assert axial.masks[0].sum() == 25 + 16  # both lesions reach slice 4, the fullest
    assert np.array_equal(axial.masks[0], axial.drawn)
