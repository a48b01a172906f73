"""Every fault of a manifest is told, with its line, and all of them at once."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fusion.data.manifest import Manifest, read_manifest

HEADER = "patient_id,center,modality,path"


def read(folder: Path, *rows: str, header: str = HEADER, files: tuple[str, ...] = ()) -> Manifest:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("something")
    (folder / "manifest.csv").write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return read_manifest(folder / "manifest.csv", folder.resolve())


def messages(found: Manifest) -> list[str]:
    return [str(fault) for fault in found.faults]


def test_rows_of_a_patient_are_kept_in_order(tmp_path):
    found = read(
        tmp_path,
        "P1,Bonn,mri,a.nii.gz,T1,,0",
        "P1,Bonn,mri,b.nii.gz,T1c,,12.5",
        "P1,Bonn,wsi,c.svs,,0.25,",
        header=f"{HEADER},sequence,mpp,time_days",
        files=("a.nii.gz", "b.nii.gz", "c.svs"),
    )
    assert found.faults == []
    first, second = found.entries["P1"]["mri"]
    assert (first.sequence, first.time_days, first.mpp, first.line) == ("T1", 0.0, None, 2)
    assert (second.sequence, second.time_days, second.key) == ("T1c", 12.5, None)
    assert found.entries["P1"]["wsi"][0].mpp == 0.25
    assert first.path == tmp_path.resolve() / "a.nii.gz"


def test_ids_that_look_like_numbers_or_missing_values_survive(tmp_path):
    found = read(tmp_path, "001,Bonn,,", "NA,Bonn,,", "1e5,Bonn,,")
    assert found.faults == []
    assert list(found.centers) == ["001", "NA", "1e5"]


def test_a_patient_without_any_file_is_known(tmp_path):
    found = read(tmp_path, "P1,Bonn,,")
    assert found.faults == []
    assert found.entries["P1"] == {}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("P1,,mri,a.nii", "manifest.csv:2: patient P1: center is blank"),
        ("../../x,Bonn,mri,a.nii", r"manifest.csv:2: patient_id '../../x' is not allowed; use 1"),
        ("<script>,Bonn,mri,a.nii", "patient_id '<script>' is not allowed"),
        (f"{'x' * 65},Bonn,mri,a.nii", "is not allowed; use 1 to 64 letters"),
        (",Bonn,mri,a.nii", "manifest.csv:2: patient_id is blank"),
        ("P1 ,Bonn,mri,a.nii", "manifest.csv:2: patient_id 'P1 ' begins or ends with a space"),
        ("P1,Bonn ,mri,a.nii", "center 'Bonn ' begins or ends with a space"),
        ("P1,Bo\u200bnn,mri,a.nii", "holds the invisible character U+200B"),
        ("P1,Bonn,m\x1bri,a.nii", "holds the invisible character U+001B"),
        ("P1,Bonn,MRI T1,a.nii", "modality 'MRI T1' is not allowed; use small letters, digits"),
        ("P1,Bonn,mri,gone.nii", "patient P1: no file 'gone.nii' in /"),
        ("P1,Bonn,mri,empty.nii", "file 'empty.nii' is empty (0 bytes)"),
        ("P1,Bonn,mri,folder", "path 'folder' is not a file"),
        ("P1,Bonn,mri,/etc/passwd", "path '/etc/passwd' is absolute; give a path inside the data"),
        ("P1,Bonn,mri,C:/x.nii", "path 'C:/x.nii' is absolute"),
        (r"P1,Bonn,mri,\\host\x.nii", "is absolute"),
        (r"P1,Bonn,mri,sub\x.nii", "has a backslash; write forward slashes"),
        ("P1,Bonn,mri,sub/../../x.nii", "climbs out ('..'); give a path inside the data root"),
        ("P1,Bonn,mri,link.nii", "is a link to /"),
        ("P1,Bonn,mri,", "modality 'mri' without a path; fill in or blank both"),
        ("P1,Bonn,,a.nii", "path 'a.nii' without a modality; fill in or blank both"),
        ("P1,Bonn,mri", "manifest.csv:2: 3 cells, expected 4"),
        (",,,", "manifest.csv:2: every cell is blank; delete the row"),
        ('P1,Bonn,mri,"a.nii', "manifest.csv:2: cannot be read from here on"),
    ],
)
def test_a_bad_row_is_told(tmp_path, row, message):
    outside = tmp_path / "outside.nii"
    outside.write_text("elsewhere")
    folder = tmp_path / "cohort"
    (folder / "folder").mkdir(parents=True)
    (folder / "empty.nii").touch()
    (folder / "link.nii").symlink_to(outside)
    assert any(message in m for m in messages(read(folder, row, files=("a.nii",))))


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("mpp", "0", "mpp 0 is not above zero; give microns per pixel"),
        ("mpp", "-0.25", "mpp -0.25 is not above zero"),
        ("mpp", "inf", "mpp 'inf' is not finite"),
        ("mpp", "1e999", "mpp '1e999' is not finite"),
        ("mpp", "NA", "mpp 'NA' is not a number; leave the cell blank"),
        ("mpp", "nan", "mpp 'nan' is not a number; leave the cell blank"),
        ("mpp", "quarter", "mpp 'quarter' is not a number"),
        ("mpp", '"0,25"', "mpp '0,25' is not a number; write a decimal point"),
        ("mpp", "1_000", "mpp '1_000' is not a number"),
        ("time_days", "-3", "time_days -3 is below zero; count from the diagnosis"),
        ("key", "P1", "key 'P1' of a file that is no table (.csv, .parquet)"),
    ],
)
def test_a_bad_cell_is_told(tmp_path, column, cell, message):
    row = f"P1,Bonn,wsi,a.svs,{cell}"
    found = read(tmp_path, row, header=f"{HEADER},{column}", files=("a.svs",))
    assert any(f"manifest.csv:2: patient P1: {message}" in m for m in messages(found))


def test_a_row_without_a_file_has_nothing_else(tmp_path):
    found = read(tmp_path, "P1,Bonn,,,T1", header=f"{HEADER},sequence")
    assert messages(found) == ["manifest.csv:2: patient P1: sequence without a modality and a path"]


def test_what_contradicts_itself_across_rows_is_told(tmp_path):
    found = read(
        tmp_path,
        "P1,Bonn,mri,a.nii",
        "P1,Bonn,mri,a.nii",
        "P1,Ulm,mri,b.nii",
        "P1,Bonn,mri,./a.nii",
        "P2,Bonn,mri,b.nii",
        "P2,Bonn,,",
        "P3,bonn,,",
        files=("a.nii", "b.nii"),
    )
    expected = (
        (3, "the same row as line 2"),
        (4, "patient P1: center 'Ulm' here, 'Bonn' on line 2; keep one"),
        (5, "patient P1: a.nii is listed as mri on line 2 already"),
        (6, "patient P2: b.nii belongs to patient P1 on line 4; a file or table row has one"),
        (7, "patient P2: a row without a file, but a file on line 6; delete the row"),
        (8, "patient P3: center 'bonn' here, 'Bonn' on line 2; use one spelling"),
    )
    told = messages(found)
    assert len(told) == len(expected)
    for message, (line, text) in zip(told, expected, strict=True):
        assert message.startswith(f"manifest.csv:{line}: {text}")


def test_a_line_is_where_its_record_begins(tmp_path):
    found = read(tmp_path, "", '"P\n1",Bonn,,', "P2,,,")
    lines = [(f.line, f.message[:15]) for f in found.faults]
    assert (3, "patient_id 'P\\n") in lines
    assert (5, "center is blank") in lines


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("patient_id,centre,modality,path", "unknown column 'centre'; did you mean 'center'?"),
        ("patient_id,centre,modality,path", "column 'center' is missing"),
        (f"{HEADER},colour_of_cover", "unknown column 'colour_of_cover'; valid: patient_id,"),
        (f"{HEADER},path", "column 'path' stands twice"),
        (f"{HEADER},", "column 5 has no name"),
        ("center,modality,path", "column 'patient_id' is missing"),
    ],
)
def test_a_bad_header_is_told(tmp_path, header, message):
    row = ",".join(["P1", "Bonn", "mri", "a.nii", "x"][: header.count(",") + 1])
    assert any(
        m.startswith("manifest.csv:1: ") and message in m
        for m in messages(read(tmp_path, row, header=header))
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "manifest.csv: is empty, expected a header with patient_id, center"),
        (HEADER.encode() + b"\n", "manifest.csv: has a header but no row"),
        (b"patient_id;center;modality;path\nP1;B;;\n", "separated by ';', expected ','; save it"),
        (b"patient_id\tcenter\tmodality\tpath\n", "separated by tabs"),
        ((HEADER + "\nP1,B,,\n").encode("utf-16"), "is UTF-16 or binary, expected UTF-8"),
        (
            HEADER.encode() + b"\nP1,K\xf6ln,,\n",
            "manifest.csv:2: is not UTF-8; save it as 'CSV UTF-8",
        ),
    ],
)
def test_a_file_that_a_spreadsheet_mangled_is_refused(tmp_path, content, message):
    (tmp_path / "manifest.csv").write_bytes(content)
    found = read_manifest(tmp_path / "manifest.csv", tmp_path)
    assert len(found.faults) == 1
    assert message in messages(found)[0]


def test_a_byte_order_mark_and_windows_line_ends_are_no_fault(tmp_path):
    content = f"\ufeff{HEADER}\r\nP1,Köln,,\r\n".encode()
    (tmp_path / "manifest.csv").write_bytes(content)
    found = read_manifest(tmp_path / "manifest.csv", tmp_path)
    assert found.faults == []
    assert found.centers == {"P1": "Köln"}


def test_the_key_of_a_table_is_the_patient_unless_given(tmp_path):
    (tmp_path / "rna.csv").write_text("sample,g1\nP1,0.5\nS-2,0.1\nextra,9\n")
    found = read(
        tmp_path, "P1,Bonn,rna,rna.csv,", "P2,Bonn,rna,rna.csv,S-2", header=f"{HEADER},key"
    )
    assert found.faults == []
    assert [found.entries[p]["rna"][0].key for p in ("P1", "P2")] == ["P1", "S-2"]


def test_one_table_row_may_serve_several_modalities_of_its_patient(tmp_path):
    (tmp_path / "omics.csv").write_text("id,g1\nP1,0.5\n")
    found = read(tmp_path, "P1,Bonn,rna,omics.csv", "P1,Bonn,cnv,omics.csv")
    assert found.faults == []


def test_a_key_that_its_table_lacks_is_told(tmp_path):
    (tmp_path / "rna.csv").write_text("id,g1\n1,0.5\nP3,0\nP3,1\n")
    found = read(tmp_path, *(f"{p},Bonn,rna,rna.csv" for p in ("001", "P2", "P3")))
    assert messages(found) == [
        "manifest.csv:2: patient 001: rna.csv has no row '001' in its first column, expected 1; "
        "it has '1': did a spreadsheet change the ids?",
        "manifest.csv:3: patient P2: rna.csv has no row 'P2' in its first column, expected 1",
        "manifest.csv:4: patient P3: rna.csv has 2 rows 'P3' in its first column, expected 1",
    ]


def test_two_patients_never_share_a_table_row(tmp_path):
    (tmp_path / "rna.csv").write_text("id,g1\nS1,0.5\n")
    found = read(
        tmp_path, "P1,Bonn,rna,rna.csv,S1", "P2,Ulm,rna,rna.csv,S1", header=f"{HEADER},key"
    )
    assert messages(found)[0].startswith(
        "manifest.csv:3: patient P2: rna.csv row 'S1' belongs to patient P1 on line 2"
    )


@pytest.mark.parametrize("index", ["named", "unnamed", "column"])
def test_parquet_keys_are_the_index_or_the_first_column(tmp_path, index):
    frame = pd.DataFrame({"g1": np.zeros(2)}, index=pd.Index(["P1", "P2"]))
    frame.index.name = None if index == "unnamed" else "patient_id"
    if index == "column":
        frame = frame.reset_index()
    frame.to_parquet(tmp_path / "rna.parquet")
    found = read(tmp_path, *(f"{p},Bonn,rna,rna.parquet" for p in ("P1", "P2", "P3")))
    assert [f.patient for f in found.faults] == ["P3"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.parquet", b"PAR1 but no more", "t.parquet cannot be read as Parquet"),
        ("t.csv", b"id;g1\nP1;0,5\n", "t.csv is separated by ';', expected ','"),
        ("t.csv", "id,g1\nP1,1\n".encode("utf-16"), "t.csv is UTF-16 or binary"),
        ("t.csv", b"id,g1\nP\xf6,1\n", "t.csv is not UTF-8"),
        ("t.csv", b"\n\n", "t.csv cannot be read as CSV"),
    ],
)
def test_a_table_that_cannot_be_read_is_told_once(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    found = read(tmp_path, f"P1,Bonn,rna,{name}", f"P2,Bonn,rna,{name}")
    assert len(found.faults) == 1
    assert f"manifest.csv:2: {message}" in messages(found)[0]


MASKED = f"{HEADER},tissue_mask"


def test_a_slide_may_have_a_drawn_mask(tmp_path):
    found = read(
        tmp_path,
        "P1,Bonn,wsi,a.svs,masks/a.geojson",
        "P1,Bonn,wsi,b.svs,",
        header=MASKED,
        files=("a.svs", "b.svs", "masks/a.geojson"),
    )
    assert found.faults == []
    first, second = found.entries["P1"]["wsi"]
    assert first.tissue_mask == tmp_path.resolve() / "masks/a.geojson"
    assert second.tissue_mask is None


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("P1,Bonn,wsi,a.svs,gone.png", "patient P1: tissue_mask: no file 'gone.png' in /"),
        ("P1,Bonn,wsi,a.svs,/etc/m.png", "tissue_mask: path '/etc/m.png' is absolute"),
        ("P1,Bonn,wsi,a.svs,../m.png", "tissue_mask: path '../m.png' climbs out"),
        ("P1,Bonn,wsi,a.svs,m.xml", "tissue_mask 'm.xml' is none of .geojson, .json, .png"),
        ("P1,Bonn,mri,t1.nii.gz,m.png", "tissue_mask of 't1.nii.gz', which is no slide"),
        ("P1,Bonn,rna,rna.csv,m.png", "tissue_mask of 'rna.csv', which is no slide"),
        ("P1,Bonn,,,m.png", "tissue_mask without a modality and a path"),
    ],
)
def test_a_mask_that_cannot_be_one_is_told(tmp_path, row, message):
    files = ("a.svs", "m.png", "m.xml", "t1.nii.gz")
    (tmp_path / "rna.csv").write_text("sample,G1\nP1,3\n")
    found = read(tmp_path, row, header=MASKED, files=files)
    assert [m for m in messages(found) if message in m], messages(found)


LABELLED = f"{HEADER},sequence,label_scheme"


def test_a_mask_names_its_scheme(tmp_path):
    found = read(
        tmp_path,
        "P1,Bonn,mri,a.nii,T1,",
        "P1,Bonn,mri,b.nii,mask,brats_2023",
        "P2,Bonn,mri,c.nii,mask,",
        header=LABELLED,
        files=("a.nii", "b.nii", "c.nii"),
    )
    assert found.faults == []  # only a run that learns from masks asks for it
    schemes = [e.label_scheme for m in found.entries.values() for e in m["mri"]]
    assert schemes == [None, "brats_2023", None]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ("mask,brats_2032", r"'brats_2032' does not exist, there are brats_2022, .*did you mean"),
        ("mask,BraTS 2023", "'BraTS 2023' does not exist"),
        ("T1,brats_2023", "'brats_2023' of a row whose sequence is not `mask`; leave it blank"),
        (",brats_2023", "'brats_2023' of a row whose sequence is not `mask`; leave it blank"),
    ],
)
def test_schemes_that_do_not_fit_their_row(tmp_path, cells, message):
    found = read(tmp_path, f"P1,Bonn,mri,a.nii,{cells}", header=LABELLED, files=("a.nii",))
    (fault,) = messages(found)
    assert fault.startswith("manifest.csv:2: patient P1: ")
    assert re.search(message, fault)
