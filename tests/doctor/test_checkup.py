"""Every planted fault is found and named, and the rest of the cohort is reported all the same."""

import shutil
from contextlib import nullcontext

import numpy as np
import pytest

from fusion.doctor import examine
from fusion.doctor.checkup import check_cohort
from fusion.doctor.finding import FAULT
from fusion.doctor.opened import open_folder


def by_file(checkup):
    return {f.file: f for f in checkup.faults}


def test_a_sound_cohort_has_no_finding(mini):
    checkup = mini.check()
    assert checkup.findings == ()
    assert checkup.verdict == "0 faults, 0 warnings: ready for a run"
    assert len(checkup.tables["volume_files"]) == 12
    assert len(checkup.tables["slide_files"]) == 6
    everyone = checkup.tables["modalities"].query("center == 'all'")
    assert everyone["patients"].tolist() == [6, 6, 6]
    assert everyone["unusable"].sum() == 0


def test_planted_faults_are_found_and_the_rest_is_reported(mini):
    torn = mini.root / "mri/P1_T1c.nii.gz"
    torn.write_bytes(torn.read_bytes()[:-200])
    mini.volume("mri/P2_FLAIR.nii.gz", voxels=mini.rng.normal(100, 20, (12, 14, 10, 3)))
    shutil.copy(mini.root / "mri/P3_T1c.nii.gz", mini.root / "mri/P4_T1c.nii.gz")
    line = mini.line("wsi/P5.png")
    mini.rows[line - 2]["mpp"] = None
    checkup = mini.check()
    found = by_file(checkup)
    assert sorted(found) == [
        "mri/P1_T1c.nii.gz",
        "mri/P2_FLAIR.nii.gz",
        "mri/P4_T1c.nii.gz",
        "wsi/P5.png",
    ]
    assert "truncated or damaged" in found["mri/P1_T1c.nii.gz"].message
    assert "4-D of shape (12, 14, 10, 3)" in found["mri/P2_FLAIR.nii.gz"].message
    twin = found["mri/P4_T1c.nii.gz"]
    assert twin.kind == "duplicate"
    expected = f"the same as mri/P3_T1c.nii.gz (line {mini.line('mri/P3_T1c.nii.gz')}) of patient"
    assert expected in twin.message
    assert "states no microns per pixel" in found["wsi/P5.png"].message
    for fault in checkup.faults:
        assert fault.table == "manifest.csv"
        assert fault.line == mini.line(fault.file)
        assert fault.patient in fault.file
    assert checkup.verdict == "4 faults, 0 warnings: mend the faults before a run"
    assert len(checkup.tables["volume_files"]) == 10
    assert len(checkup.tables["slide_files"]) == 5
    everyone = checkup.tables["modalities"].query("center == 'all'").set_index("modality")
    assert everyone.loc["mri", "unusable"] == 3
    assert everyone.loc["wsi", "unusable"] == 1
    assert everyone.loc["rna", "unusable"] == 0


def test_the_answer_does_not_depend_on_the_number_of_workers(mini):
    mini.slide("wsi/P1.png")
    (mini.root / "wsi/P2.png").write_bytes(b"not a picture")
    one, four = mini.check(workers=1), mini.check(workers=4)
    assert one.findings == four.findings
    for name, table in one.tables.items():
        assert table.equals(four.tables[name]), name
    assert [look.entry.line for look in one.looks] == [look.entry.line for look in four.looks]


def test_faults_of_the_tables_are_shown_and_the_files_opened_all_the_same(mini):
    mini.targets.loc[0, "os_time_days"] = -3
    mini.rows.append({**mini.rows[0], "path": "mri/nowhere.nii.gz"})
    mini.rows.append({"patient_id": "<script>", "center": "Aachen"})
    torn = mini.root / "mri/P1_T1c.nii.gz"
    torn.write_bytes(torn.read_bytes()[:-200])
    checkup = mini.check()
    found = [(f.table, f.line, f.kind) for f in checkup.faults]
    assert ("targets.csv", 2, "manifest") in found
    assert ("manifest.csv", 26, "manifest") in found  # no such file
    assert ("manifest.csv", 27, "manifest") in found  # an id that is not allowed
    assert ("manifest.csv", 2, "unreadable") in found
    assert len(checkup.tables["volume_files"]) == 11
    assert checkup.cohort is not None


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_a_folder_without_a_manifest_is_one_fault(mini, tmp_path, name):
    checkup = check_cohort(
        tmp_path / name,
        data_root=None,
        workers=1,
        progress=lambda files, size: nullcontext(lambda done: None),
    )
    assert checkup.cohort is None
    assert len(checkup.faults) == 1
    assert all(table.empty for key, table in checkup.tables.items() if key != "findings")


def test_a_patient_without_anything_and_one_without_anything_usable_are_told_apart(mini):
    mini.rows = [row for row in mini.rows if row["patient_id"] not in ("P5", "P6")]
    mini.rows.append({"patient_id": "P5", "center": "Bergen"})
    mini.rows.append(
        {"patient_id": "P6", "center": "Bergen", "modality": "wsi", "path": "wsi/P6.png"}
    )  # no MPP
    checkup = mini.check()
    nothing = [w.message for w in checkup.warnings if w.kind == "nothing"]
    assert nothing == [
        "no file of any modality: 1 patient (P5); a run leaves them out, and says so",
        "no file that can be read: 1 patient (P6)",
    ]


def test_a_modality_of_two_kinds_is_a_fault(mini):
    mini.add("P1", "mri", "wsi/P1.png", mpp=2.0)
    (fault,) = mini.check().faults
    assert fault.kind == "kind"
    assert "a slide in modality 'mri', whose first file (line 2) is a volume" in fault.message


def test_memory_is_bounded_by_the_workers(mini, monkeypatch):
    """No more than two files per worker are handed out before one is done."""
    seen = []

    def one(job, cohort):
        seen.append(job)
        return examine.Outcome()

    monkeypatch.setattr(examine, "_one", one)
    cohort, _ = open_folder(mini.write())
    cohort_jobs = examine.plan(cohort)
    done = 0
    for _ in examine._run(cohort, cohort_jobs, 2):
        done += 1
        assert len(seen) <= done + 2 * 2
    assert done == len(cohort_jobs) == 12 + 6 + 1


def test_an_infinite_and_a_written_number_are_faults_with_line_and_column(mini):
    mini.rna["G3"] = mini.rna["G3"].astype(object)
    mini.rna.loc[2, "G3"] = "high"
    mini.rna.loc[4, "G7"] = np.inf
    checkup = mini.check()
    messages = {f.kind: f for f in checkup.faults}
    assert "line 4, column 'G3': 'high' in a column of numbers" in messages["text"].message
    assert messages["text"].patient == "P3"
    assert "line 6, column 'G7': infinity" in messages["nonfinite"].message
    assert messages["nonfinite"].patient == "P5"
    row = checkup.tables["tables"].query("center == 'all'").iloc[0]
    assert (row["nonfinite_cells"], row["text_columns"]) == (1, 1)
    assert all(f.severity == FAULT for f in checkup.findings)
