"""A whole cohort on disk: the same bytes for the same knobs, and every knob does what it says."""

import hashlib
import runpy
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from fusion.data.cohort import Cohort
from fusion.errors import ConfigError
from fusion.testing.demo import DemoTruth, write_demo
from fusion.testing.demo.centers import lab

SMALL = {"patients": 20, "volume_mm": 5.0, "slide_px": 512}
TABLES = ("patients", "targets", "tiles", "genes", "batch", "centers", "swaps")


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> DemoTruth:
    return write_demo(tmp_path_factory.mktemp("demo") / "cohort", **SMALL)


@pytest.fixture(scope="module")
def full(tmp_path_factory) -> DemoTruth:
    return write_demo(tmp_path_factory.mktemp("full") / "cohort", **SMALL, missing=0.0)


def manifest(truth: DemoTruth) -> pd.DataFrame:
    return pd.read_csv(truth.folder / "manifest.csv", dtype=str)


def test_it_is_a_cohort(demo):
    cohort = Cohort.from_manifest(demo.folder)
    assert cohort.patients == tuple(f"demo-{i:04d}" for i in range(1, 21))
    assert cohort.modalities == ("clinical", "mri", "mutations", "rna", "wsi")
    assert set(cohort.centers.values()) == {"Aster", "Birch", "Cedar", "Dogwood", "Elm"}
    assert (~cohort.presence().any(axis=1)).sum() == 2


def test_every_file_is_in_the_manifest_and_every_row_has_its_file(demo):
    rows = manifest(demo)
    named = set(rows["path"].dropna())
    there = {str(p.relative_to(demo.folder)) for p in demo.folder.rglob("*") if p.is_file()}
    apart = {"manifest.csv", "targets.csv"}
    assert named == {p for p in there if not p.startswith("truth/")} - apart
    for name, path in (("rna", "omics/rna.csv"), ("clinical", "clinical.csv")):
        keys = rows.loc[rows["modality"] == name, "key"]
        assert list(keys) == list(pd.read_csv(demo.folder / path)["patient_id"])


def test_same_knobs_same_bytes_and_another_seed_other_bytes(demo, tmp_path):
    first = digests(demo.folder)
    write_demo(tmp_path / "again", **SMALL, workers=1)
    assert digests(tmp_path / "again") == first
    write_demo(tmp_path / "other", **SMALL, seed=1)
    other = digests(tmp_path / "other")
    same = {name for name in first if other.get(name) == first[name]}
    assert same <= {"truth/README.md", "truth/centers.csv", "truth/swaps.csv"}


def test_everybody_has_everything_where_nothing_is_missing(full):
    rows = manifest(full)
    cohort = Cohort.from_manifest(full.folder)
    assert cohort.presence().all(axis=None)
    sequences = rows[rows["modality"] == "mri"].groupby("patient_id")["sequence"].apply(set)
    assert all(s == {"T1", "T1c", "T2", "FLAIR", "mask"} for s in sequences)
    pd.testing.assert_frame_equal(
        pd.read_csv(full.folder / "targets.csv"),
        pd.read_csv(full.folder / "truth" / "targets.csv").drop(
            columns=["log_hazard", "response_logit"]
        ),
    )
    for name in ("omics/rna.csv", "omics/mutations.csv", "clinical.csv"):
        assert pd.read_csv(full.folder / name).notna().all(axis=None)


def test_what_is_missing_changes_nothing_of_what_is_there(demo, full):
    some, every = digests(demo.folder), digests(full.folder)
    images = [name for name in some if name.startswith(("mri/", "slides/", "truth/mri/"))]
    assert len(images) > 50
    assert all(some[name] == every[name] for name in images)


def test_truth_is_read_as_it_was_written(demo):
    found = DemoTruth.read(demo.folder)
    assert found.settings == demo.settings
    for name in TABLES:
        one, other = getattr(found, name), getattr(demo, name)
        pd.testing.assert_frame_equal(one, other, check_dtype=False)


def test_masks_voxels_and_grids_agree(full):
    for patient, center in full.patients["center"].items():
        folder = full.folder / "mri" / patient
        images = {p.name.split(".")[0]: nib.load(p) for p in sorted(folder.iterdir())}
        labels = full.voxels(patient)
        mask = np.asarray(images["mask"].dataobj)
        np.testing.assert_array_equal(mask > 0, labels > 0)
        np.testing.assert_array_equal(mask == 2, labels == 3)  # oedema: SNFH in BraTS 2023
        assert mask.any()
        for image in images.values():
            assert image.shape == mask.shape
            np.testing.assert_array_equal(image.affine, images["T1"].affine)
            assert "".join(nib.aff2axcodes(image.affine)) == lab(center).orientation
        steps = np.asarray(images["T1"].header.get_zooms()) / 5.0
        assert steps == pytest.approx([1, 1, lab(center).thickness])
        assert (np.asarray(images["T1"].dataobj)[mask > 0] > 0).all()


def test_tiles_belong_to_slides_of_the_cohort(demo):
    rows = manifest(demo)
    slides = rows[rows["modality"] == "wsi"]
    assert set(demo.tiles["path"]) == set(slides["path"])
    # half of 16 squares are tissue, and a fifth of it has the signal
    assert demo.tiles["signal"].groupby(demo.tiles["path"]).sum().min() > 0.5
    assert (demo.tiles["x_px"] + demo.tiles["size_px"] <= 512).all()


def test_swapped_patients_hold_each_others_bytes(full, tmp_path):
    swapped = write_demo(tmp_path / "swapped", **SMALL, missing=0.0, swapped=1.0)
    straight, mixed = digests(full.folder), digests(tmp_path / "swapped")
    swaps = swapped.swaps
    # pairs within a centre: a centre of odd size leaves one out, and a modality may run out
    assert 14 <= len(swaps) <= 20
    assert set(swaps["modality"]) == {"mri", "rna", "wsi"}
    owner = {(m, p): o for m, p, o in swaps.itertuples(index=False)}
    for name, digest in mixed.items():
        for modality, top in (("mri", "mri/"), ("mri", "truth/mri/"), ("wsi", "slides/")):
            if name.startswith(top):
                patient = name.removeprefix(top)[:9]
                holds = owner.get((modality, patient), patient)
                assert straight[name.replace(patient, holds)] == digest
    tables = [pd.read_csv(t.folder / "omics/rna.csv", index_col=0) for t in (full, swapped)]
    for patient in tables[1].index:
        row = tables[0].loc[owner.get(("rna", patient), patient)]
        np.testing.assert_array_equal(tables[1].loc[patient], row)
    pd.testing.assert_frame_equal(swapped.patients, full.patients)


def test_null_keeps_the_targets_and_changes_every_input(full, tmp_path):
    null = write_demo(tmp_path / "null", **SMALL, missing=0.0, null=True)
    one, other = digests(full.folder), digests(null.folder)
    assert one["targets.csv"] == other["targets.csv"]
    inputs = [n for n in one if n.startswith(("mri/", "omics/", "clinical", "slides/"))]
    assert not any(one[name] == other.get(name) for name in inputs)
    kinds = null.patients["kind"].replace("metastasis", pd.NA)
    assert not kinds.dropna().equals(null.targets["subtype"].dropna())
    pd.testing.assert_frame_equal(null.targets, full.targets)


def test_label_noise_touches_labels_only(full, tmp_path):
    wrong = write_demo(tmp_path / "wrong", **SMALL, missing=0.0, label_noise=0.5)
    one, other = digests(full.folder), digests(wrong.folder)
    changed = {name for name in one if one[name] != other[name]}
    assert changed == {"targets.csv", "truth/settings.json"}


def test_center_shift_zero_leaves_no_batch(tmp_path):
    even = write_demo(tmp_path / "even", **{**SMALL, "patients": 5}, center_shift=0.0)
    assert (even.batch == 0).all(axis=None)
    assert even.centers["mri_gain"].eq(1).all()
    assert even.centers["eosin_g"].nunique() == 1


def test_a_cohort_without_any_input_is_still_one(tmp_path):
    bare = write_demo(tmp_path / "bare", **{**SMALL, "patients": 5}, missing=10.0)
    assert DemoTruth.read(tmp_path / "bare").patients.equals(bare.patients)
    assert len(Cohort.from_manifest(tmp_path / "bare").patients) == 5


def test_an_earlier_cohort_is_replaced(tmp_path):
    write_demo(tmp_path / "c", **{**SMALL, "patients": 6})
    write_demo(tmp_path / "c", **{**SMALL, "patients": 5})
    assert not list((tmp_path / "c").rglob("demo-0006*"))


def test_a_folder_with_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(ConfigError, match="holds files that are no demo cohort"):
        write_demo(tmp_path, **SMALL)
    assert (tmp_path / "thesis.docx").read_text() == "years of work"


@pytest.mark.parametrize(
    ("knob", "value"),
    [
        ("patients", 4),
        ("seed", -1),
        ("missing", -0.1),
        ("missing", float("nan")),
        ("center_shift", float("inf")),
        ("label_noise", 1.1),
        ("swapped", -1.0),
        ("volume_mm", 0.5),
        ("slide_px", 256),
    ],
)
def test_a_knob_outside_its_range_is_refused_before_anything_is_written(tmp_path, knob, value):
    with pytest.raises(ConfigError, match=rf"{knob} is .*; give a value from"):
        write_demo(tmp_path / "c", **{**SMALL, knob: value})
    assert not (tmp_path / "c").exists()


def test_a_failure_stops_the_run_and_leaves_no_manifest(tmp_path):
    def fail(patient_id: str) -> None:
        raise OSError(f"no space left at {patient_id}")

    with pytest.raises(OSError, match="no space left"):
        write_demo(tmp_path / "c", **{**SMALL, "patients": 5}, on_patient=fail)
    assert not (tmp_path / "c" / "manifest.csv").exists()
    write_demo(tmp_path / "c", **{**SMALL, "patients": 5})


SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "make_demo.py"


def run_script(monkeypatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["make_demo.py", *words])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    return int(stop.value.code or 0)


def test_script_says_what_it_wrote(tmp_path, monkeypatch, capsys):
    words = [
        "--out",
        str(tmp_path / "c"),
        "--patients",
        "5",
        "--volume-mm",
        "5",
        "--slide-px",
        "512",
    ]
    assert run_script(monkeypatch, *words) == 0
    said = capsys.readouterr().out.replace("\n", "")
    assert "5 patients in 5 centres" in said
    assert "README.md" in said
    assert (tmp_path / "c" / "manifest.csv").is_file()


def test_script_names_a_wrong_knob(tmp_path, monkeypatch, capsys):
    assert run_script(monkeypatch, "--out", str(tmp_path / "c"), "--patients", "2") == 2
    assert "patients is 2; give a value from 5 to 9999" in capsys.readouterr().err
