"""From a folder of DICOM and a filled-in list to a cohort that the framework reads."""

import os
import runpy
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fusion.data.cohort import Cohort
from fusion.data.readers.volume import read_volume
from fusion.errors import CohortError, ReadError
from fusion.run.convert_dicom import convert_dicom, list_series
from fusion.testing.dicom import PET, affine_ras, drug, expected, stored, write_series

T1, T2, CT, PT = (stored(seed=seed) for seed in range(4))
GRID = affine_ras()
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "convert_dicom.py"
HEADER = "folder,series_uid,description,patient_id,center,modality,sequence,time_days\n"
ROWS = (
    "a,,t1 post,P-1,Bonn,mri,T1c,0\n"
    "a,,t2,P-1,Bonn,mri,T2,0\n"
    "b,,chest,P-2,Kiel,ct,ct,\n"
    "b,1.2.3.4,,P-2,Kiel,pet,FDG,\n"
)


@pytest.fixture
def source(tmp_path):
    root = tmp_path / "source"
    # two series in one folder, as archives export them
    for name, array, description in (("x", T1, "t1 post"), ("y", T2, "t2")):
        values = {"SeriesDescription": description, "PatientName": "Mustermann"}
        for path in write_series(root / "a" / name, array, GRID, values=values):
            path.rename(root / "a" / f"{name}{path.name}")
        (root / "a" / name).rmdir()
    write_series(root / "b/ct", CT, GRID, values={"Modality": "CT", "SeriesDescription": "chest"})
    pet = dict(PET) | {"RadiopharmaceuticalInformationSequence": [drug()]}
    write_series(
        root / "b/pet",
        np.abs(PT),
        GRID,
        values=pet | {"SeriesDescription": "chest pet"},
        uid="1.2.3.4",
    )
    (root / "LICENSE").write_text("CC BY")
    return root


def mapping(tmp_path, rows=ROWS):
    path = tmp_path / "mapping.csv"
    path.write_text(HEADER + rows)
    return path


def refused(source, tmp_path, rows, *messages):
    with pytest.raises(CohortError) as caught:
        convert_dicom(source, mapping(tmp_path, rows), tmp_path / "out")
    for message in messages:
        assert message in str(caught.value)
    assert not (tmp_path / "out/manifest.csv").exists()
    return caught.value.faults


def test_the_cohort_is_read_and_its_images_are_the_series(source, tmp_path):
    out = tmp_path / "out"
    done = convert_dicom(source, mapping(tmp_path), out)
    assert (done.images, done.unmapped, done.manifest) == (4, 0, out / "manifest.csv")
    cohort = Cohort.from_manifest(out)
    for modality, patient, sequence, array in (
        ("mri", "P-1", "T1c", expected(T1)),
        ("mri", "P-1", "T2", expected(T2)),
        ("ct", "P-2", "ct", expected(CT)),
    ):
        entries = {e.sequence: e for e in cohort.files(modality)[patient]}
        volume = read_volume(entries[sequence].path, patient)
        np.testing.assert_array_equal(volume.array, array.astype(np.float32))
        np.testing.assert_allclose(volume.affine, GRID, atol=1e-5)  # single precision
    table = pd.read_csv(done.table).set_index("sequence")
    assert table["unit"].to_dict() == {
        "T1c": "as stored",
        "T2": "as stored",
        "ct": "HU",
        "FDG": "SUVbw",
    }


def test_warned_of_names_without_the_names(source, tmp_path):
    done = convert_dicom(source, mapping(tmp_path), tmp_path / "out")
    found = done.telling[done.telling["category"] == "name"]
    assert set(found["tag"]) == {"PatientName"}
    assert set(found["files"]) == {7}
    assert (source / found["first_file"].iloc[0]).is_file()
    for path in (tmp_path / "out").rglob("*"):
        assert path.is_dir() or b"Mustermann" not in path.read_bytes()


def test_a_second_call_writes_nothing_and_a_changed_file_is_converted_anew(source, tmp_path):
    out = tmp_path / "out"
    convert_dicom(source, mapping(tmp_path), out)
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    times = {p: p.stat().st_mtime_ns for p in out.rglob("*.gz")}
    convert_dicom(source, mapping(tmp_path), out)
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before
    assert {p: p.stat().st_mtime_ns for p in out.rglob("*.gz")} == times
    changed = sorted((source / "b/ct").iterdir())[0]
    data = bytearray(changed.read_bytes())
    data[-1] ^= 1
    changed.write_bytes(data)
    convert_dicom(source, mapping(tmp_path), out)
    after = {p for p in before if p.suffix == ".gz" and p.read_bytes() != before[p]}
    assert {p.name for p in after} == {"ct_ct.nii.gz"}


def test_a_torn_record_is_written_anew(source, tmp_path):
    out = tmp_path / "out"
    convert_dicom(source, mapping(tmp_path), out)
    record = next((out / "records").iterdir())
    whole = record.read_bytes()
    record.write_bytes(whole[:30])
    convert_dicom(source, mapping(tmp_path), out)
    assert record.read_bytes() == whole


def test_a_manifest_by_hand_stays(source, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "manifest.csv").write_text("by hand")
    assert convert_dicom(source, mapping(tmp_path), out).manifest == out / "manifest.dicom.csv"
    assert (out / "manifest.csv").read_text() == "by hand"


def test_our_own_manifest_is_replaced(source, tmp_path):
    out = tmp_path / "out"
    convert_dicom(source, mapping(tmp_path), out)
    first = ROWS.splitlines(keepends=True)[0]
    done = convert_dicom(source, mapping(tmp_path, first), out)
    assert len(pd.read_csv(done.manifest)) == 1
    assert done.unmapped == 3


def test_one_bad_series_does_not_keep_the_others(source, tmp_path):
    again = write_series(tmp_path / "again", CT, GRID)  # the same names in the same order
    (source / "b/ct" / again[3].name).unlink()
    (fault,) = refused(source, tmp_path, ROWS, "mapping.csv:4: patient P-2: b/ct/IM", "a gap of")
    assert fault.line == 4
    assert (tmp_path / "out/images/P-1/mri_T1c_day0.nii.gz").is_file()


def test_the_list_is_filled_in_and_used(source, tmp_path):
    path = list_series(source, tmp_path / "out")
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert list(table["kind"]) == ["MR", "MR", "CT", "PT"]
    assert set(table["files"]) == {"7"}
    wanted = table[table["kind"] == "MR"].copy()
    wanted[["patient_id", "center", "modality"]] = ["P-1", "Bonn", "mri"]
    wanted["sequence"] = ["T1c", "T2"]
    wanted.to_csv(path, index=False)
    assert convert_dicom(source, path, tmp_path / "out").unmapped == 2
    with pytest.raises(ReadError, match="is there already, perhaps filled in"):
        list_series(source, tmp_path / "out")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (",,t1,P-1,Bonn,mri,T1c,\n", "no series has description 't1'"),
        (",,T2,P-1,Bonn,mri,T2,\n", "no series has description 'T2'"),
        ("b,,t2,P-1,Bonn,mri,T2,\n", "no series has description 't2' in 'b'"),
        (",9.9,,P-1,Bonn,mri,T2,\n", "no series has series_uid 9.9"),
        ("a,,,P-1,Bonn,mri,T2,\n", "neither series_uid nor description"),
        (",,t2,,Bonn,mri,T2,\n", "patient_id is blank"),
        (",,t2,../x,Bonn,mri,T2,\n", "patient_id '../x' is not allowed"),
        (",,t2,P-1,,mri,T2,\n", "center is blank"),
        (",,t2,P-1,Bonn,MRI,T2,\n", "modality 'MRI' is not allowed"),
        (",,t2,P-1,Bonn,mri,,\n", "sequence '' is not allowed"),
        (",,t2,P-1,Bonn,mri,../T2,\n", "sequence '../T2' is not allowed"),
        (",,t2,P-1,Bonn,mri,mask,\n", "sequence 'mask' is not allowed"),
        (",,t2,P-1,Bonn,mri,T2,-3\n", "time_days is below zero"),
        (",,t2,P-1,Bonn,mri,T2,NA\n", "time_days 'NA' is not a number"),
        (
            ",,t2,P-1,Bonn,mri,T2,\n,,t2,P-2,Bonn,mri,T2,\n",
            "is named by line 2 as well",
        ),
        (
            ",,t2,P-1,Bonn,mri,T2,\n,,t1 post,P-1,Bonn,mri,t2,\n",
            "would be written by line 2 as well",
        ),
    ],
)
def test_a_list_that_cannot_be(source, tmp_path, rows, message):
    refused(source, tmp_path, rows, message)


def test_a_description_that_two_series_have(source, tmp_path):
    write_series(source / "c", T1, GRID, values={"SeriesDescription": "t2"})
    refused(source, tmp_path, ",,t2,P-1,Bonn,mri,T2,\n", "2 series have description 't2': ")
    one = mapping(tmp_path, "c,,t2,P-1,Bonn,mri,T2,\n")
    assert convert_dicom(source, one, tmp_path / "out").images == 1


def test_a_list_that_is_not_there(source, tmp_path):
    with pytest.raises(CohortError, match=r"no such file; leave mapping=\.\.\. away"):
        convert_dicom(source, tmp_path / "none.csv", tmp_path / "out")


def test_a_file_that_is_no_dicom_stops_before_anything(source, tmp_path):
    (source / "a/slice").write_bytes(b"torn")
    refused(source, tmp_path, ROWS, "a/slice: not a DICOM file")
    assert not (tmp_path / "out").exists()


def test_folders_that_cannot_be(source, tmp_path):
    with pytest.raises(ReadError, match="no such folder"):
        list_series(tmp_path / "nowhere", tmp_path / "out")
    with pytest.raises(ReadError, match="lies in the source"):
        list_series(source, source / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(CohortError, match="no DICOM file in it"):
        list_series(tmp_path / "empty", tmp_path / "out")


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_links_to_folders_are_not_followed(source, tmp_path):
    (source / "loop").symlink_to(source)
    list_series(source, tmp_path / "out")
    assert len(pd.read_csv(tmp_path / "out/series.csv")) == 4


def test_the_command(source, tmp_path, monkeypatch, capsys):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["convert_dicom.py", *map(str, arguments)])
        try:
            runpy.run_path(str(SCRIPT), run_name="__main__")
        except SystemExit as end:
            return end.code
        return 0

    out = tmp_path / "out"
    assert call("--help") == 0
    assert "never guessed" in capsys.readouterr().out
    assert call(f"source={source}", f"out={out}") == 0
    assert f"fill in {out / 'series.csv'}" in capsys.readouterr().out
    assert call(f"source={source}", f"out={out}", f"mapping={mapping(tmp_path)}") == 0
    printed = capsys.readouterr()
    assert "4 images; 0 series are not in the mapping" in printed.out
    assert "WARNING: headers of the source may tell who the patients are" in printed.err
    assert "PatientName (name)" in printed.err
    assert "Mustermann" not in printed.out + printed.err
    assert call(f"source={source}", f"out={source}") == 1
