"""A run that outlines, and its bundle on new patients."""

import json
import shutil

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from fusion.errors import CohortError, ConfigError
from fusion.lesions.side import Midline
from fusion.report.metrics_file import load_metrics
from fusion.run.segment import segment

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def outlining(once, finish, small_btsc):
    return once("outlining", lambda folder: finish(folder, *small_btsc))


def given(bundle, cohort, out, **more):
    settings = {"modality": None, "patients": [], "device": "cpu", "cache": None, "on_fault": None}
    settings["midline"] = None
    return segment(bundles=[bundle], cohort=cohort, out=out, **(settings | more))


def test_a_run_reports_what_it_outlined(outlining):
    scores = pd.read_csv(outlining / "outlines.csv")
    assert set(scores["part"]) <= {"test", "external"}
    assert set(scores["region"]) == {"WT", "TC", "ET"}
    assert scores["dice"].between(0, 1).all()
    assert not scores["hd95_mm"].isna().any()
    assert (outlining / "tables" / "outline_mri.csv").exists()
    assert "Outline of the tumour" in (outlining / "report.html").read_text()
    assert load_metrics(outlining / "metrics.json").rows
    weights = load_file(outlining / "bundle" / "weights.safetensors")
    temperature = weights["model.encoders.mri.temperature"]
    assert not torch.equal(temperature, torch.ones(3))  # fitted, and kept


def test_masks_lie_on_the_grid_of_the_files_and_nothing_is_done_twice(
    outlining, small_demo, tmp_path
):
    manifest = pd.read_csv(small_demo / "manifest.csv", dtype=str)
    who = manifest.loc[manifest["modality"] == "mri", "patient_id"].unique()[:2].tolist()
    table = given(outlining / "bundle", small_demo, tmp_path, patients=who)
    rows, everybody = pd.read_csv(table), pd.read_csv(tmp_path / "lesions.csv")
    assert rows["patient_id"].tolist() == who
    for patient in who:
        mine = manifest[(manifest["patient_id"] == patient) & (manifest["modality"] == "mri")]
        theirs = nib.load(small_demo / mine.loc[mine["sequence"] != "mask", "path"].iloc[0])
        mask = nib.load(tmp_path / patient / "mask.nii.gz")
        np.testing.assert_array_equal(mask.affine, theirs.affine)
        assert mask.shape == theirs.shape
        labels = np.asarray(mask.dataobj)
        assert set(np.unique(labels)) <= {0, 1, 2, 3}
        note = json.loads((tmp_path / patient / "outline.json").read_text())
        voxel_ml = np.prod(theirs.header.get_zooms()) / 1000
        assert note["WT_ml"] == pytest.approx(note["WT_voxels"] * voxel_ml, abs=1e-3)
        doubt = np.asarray(nib.load(tmp_path / patient / "uncertainty.nii.gz").dataobj)
        assert 0 <= doubt.min() <= doubt.max() <= 1 + 1e-6
        assert (tmp_path / patient / "overview.png").read_bytes()[:4] == b"\x89PNG"
        numbers = json.loads((tmp_path / patient / "numbers.json").read_text())
        assert numbers["regions"]["WT"]["voxels"] == note["WT_voxels"] == int((labels > 0).sum())
        mine = pd.read_csv(tmp_path / patient / "lesions.csv")
        assert len(mine) == note["lesions"] == len(numbers["lesions"])
        assert mine["WT_voxels"].sum() == note["WT_voxels"]
        assert note["tumour"] == (note["WT_voxels"] > 0) == (note["lesions"] > 0)
        assert (everybody["patient_id"] == patient).sum() == len(mine)
    before = (tmp_path / who[0] / "mask.nii.gz").stat().st_mtime_ns
    given(outlining / "bundle", small_demo, tmp_path, patients=who)
    assert (tmp_path / who[0] / "mask.nii.gz").stat().st_mtime_ns == before


def test_what_cannot_be_outlined_is_refused(outlining, finished, small_demo, tmp_path):
    with pytest.raises(ConfigError, match=r"this bundle outlines nothing; train with"):
        given(finished / "bundle", small_demo, tmp_path)
    with pytest.raises(ConfigError, match=r"nobody have no mri"):
        given(outlining / "bundle", small_demo, tmp_path, patients=["nobody"])
    outside = Midline((5000.0, 0.0, 0.0), (1.0, 0.0, 0.0))
    with pytest.raises(ConfigError, match=r"^\S+: .*midline"):
        given(outlining / "bundle", small_demo, tmp_path, midline=outside)


def test_a_mask_without_a_scheme_is_a_fault(outlining, small_demo, tmp_path):
    spoilt = shutil.copytree(small_demo, tmp_path / "cohort")
    manifest = pd.read_csv(spoilt / "manifest.csv", dtype=str, keep_default_na=False)
    manifest.drop(columns="label_scheme").to_csv(spoilt / "manifest.csv", index=False)
    with pytest.raises(CohortError, match=r"label_scheme, and a 4 is enhancing tumour in one"):
        given(outlining / "bundle", spoilt, tmp_path / "out")
