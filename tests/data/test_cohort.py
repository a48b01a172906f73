"""A cohort folder is read whole or refused with everything that is wrong."""

import shutil
from pathlib import Path

import pytest

from fusion.data.check import check_classes, check_survival
from fusion.data.cohort import Cohort
from fusion.errors import CohortError

MANIFEST = """patient_id,center,modality,path,sequence
001,Bonn,mri,001/t1.nii,T1
001,Bonn,mri,001/t1c.nii,T1c
001,Bonn,rna,rna.csv,
002,Ulm,rna,rna.csv,
003,Ulm,,,
"""
TARGETS = """patient_id,idh,os_time_days,os_event
003,wildtype,,
002,,12,1
001,mutant,30,0
"""


def write(folder: Path, manifest: str = MANIFEST, targets: str | None = TARGETS) -> Path:
    (folder / "001").mkdir(parents=True)
    for name in ("t1", "t1c"):
        (folder / "001" / f"{name}.nii").write_text("voxels")
    (folder / "rna.csv").write_text("id,g1\n001,1\n002,2\n999,3\n")
    (folder / "manifest.csv").write_text(manifest)
    if targets is not None:
        (folder / "targets.csv").write_text(targets)
    return folder


def test_a_cohort_is_what_its_folder_says(tmp_path):
    cohort = Cohort.from_manifest(write(tmp_path / "glioma"))
    assert cohort.name == "glioma"
    assert cohort.patients == ("001", "002", "003")
    assert cohort.centers == {"001": "Bonn", "002": "Ulm", "003": "Ulm"}
    assert cohort.modalities == ("mri", "rna")
    assert [e.sequence for e in cohort.files("mri")["001"]] == ["T1", "T1c"]
    assert cohort.presence().loc["003"].tolist() == [False, False]
    assert cohort.targets.index.tolist() == ["001", "002", "003"]
    assert cohort.targets["idh"].tolist() == ["mutant", None, "wildtype"]
    assert cohort.lines == {"001": 4, "002": 3, "003": 2}


def test_without_targets_every_patient_is_still_there(tmp_path):
    cohort = Cohort.from_manifest(write(tmp_path / "new", targets=None))
    assert cohort.targets.shape == (3, 0)
    assert cohort.targets.index.tolist() == list(cohort.patients)
    assert len(cohort.fingerprint()) == 64


def test_paths_may_be_relative_to_a_data_root(tmp_path):
    data = write(tmp_path / "data")
    tables = tmp_path / "tables"
    tables.mkdir()
    for name in ("manifest.csv", "targets.csv"):
        (data / name).rename(tables / name)
    with pytest.raises(CohortError, match=r"no file '001/t1.nii' in .*tables"):
        Cohort.from_manifest(tables)
    cohort = Cohort.from_manifest(tables, data_root=data)
    assert (cohort.name, cohort.root) == ("tables", data.resolve())


def test_all_faults_of_both_files_come_at_once(tmp_path):
    manifest = MANIFEST + "004,,mri,../x.nii,\n005,Ulm,,,\n"
    targets = TARGETS.replace("12,1", "-12,1") + "006,,,\n"
    with pytest.raises(CohortError) as caught:
        Cohort.from_manifest(write(tmp_path / "c", manifest, targets))
    assert [(f.file, f.line) for f in caught.value.faults] == [
        ("manifest.csv", 7),
        ("manifest.csv", 7),
        ("targets.csv", 3),
        ("manifest.csv", 7),
        ("manifest.csv", 8),
        ("targets.csv", 5),
    ]
    text = str(caught.value)
    assert "6 faults" in text
    assert "patient_id '005' is not in targets.csv; add a row to targets.csv" in text
    assert "patient_id '006' is not in manifest.csv; add a row to manifest.csv" in text


def test_ids_that_lost_their_zeros_are_recognised(tmp_path):
    folder = write(tmp_path / "c", targets=TARGETS.replace("\n00", "\n"))
    told = r"manifest.csv:2: patient_id '001' is not in targets.csv; line 4 there has '1': did a"
    with pytest.raises(CohortError, match=told) as caught:
        Cohort.from_manifest(folder)
    assert len(caught.value.faults) == 6


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda f: shutil.rmtree(f), "no such cohort folder"),
        (lambda f: (f / "manifest.csv").unlink(), "no manifest.csv in the cohort folder"),
    ],
)
def test_a_folder_that_is_no_cohort(tmp_path, make, message):
    folder = write(tmp_path / "c")
    make(folder)
    with pytest.raises(CohortError, match=message):
        Cohort.from_manifest(folder)


def test_a_data_root_that_does_not_exist(tmp_path):
    with pytest.raises(CohortError, match="gone: 1 fault\n  no such data_root"):
        Cohort.from_manifest(write(tmp_path / "c"), data_root=tmp_path / "gone")


def test_select_keeps_the_order_and_refuses_strangers(tmp_path):
    cohort = Cohort.from_manifest(write(tmp_path / "c"))
    some = cohort.select(["003", "001"])
    assert some.patients == ("001", "003")
    assert some.targets["idh"].tolist() == ["mutant", "wildtype"]
    assert some.files("rna").keys() == {"001"}
    assert some.fingerprint() != cohort.fingerprint()
    assert cohort.select(cohort.patients).fingerprint() == cohort.fingerprint()
    with pytest.raises(KeyError, match="cohort c has no patient 1, 2"):
        cohort.select(["1", "2"])


def test_the_fingerprint_knows_content_not_order_or_place(tmp_path):
    first = Cohort.from_manifest(write(tmp_path / "a")).fingerprint()
    lines = MANIFEST.splitlines()
    shuffled = "\n".join([lines[0], *lines[:0:-1]])
    columns = "\n".join(",".join(line.split(",")[::-1]) for line in TARGETS.splitlines())
    again = Cohort.from_manifest(write(tmp_path / "deep" / "b", shuffled, columns))
    assert again.fingerprint() == first


@pytest.mark.parametrize(
    ("manifest", "targets"),
    [
        (MANIFEST.replace("Bonn", "Köln"), TARGETS),
        (MANIFEST.replace("T1c\n", "FLAIR\n"), TARGETS),
        (MANIFEST.replace("002,Ulm,rna,rna.csv", "002,Ulm,,"), TARGETS),
        (MANIFEST, TARGETS.replace("wildtype", "mutant")),
        (MANIFEST, TARGETS.replace("12,1", "12,0")),
        (MANIFEST, TARGETS.replace("wildtype", "")),
        (MANIFEST, None),
    ],
)
def test_the_fingerprint_sees_every_change(tmp_path, manifest, targets):
    first = Cohort.from_manifest(write(tmp_path / "a"))
    other = Cohort.from_manifest(write(tmp_path / "b", manifest, targets))
    assert other.fingerprint() != first.fingerprint()


def test_a_drawn_mask_changes_the_fingerprint_and_an_empty_column_does_not(tmp_path):
    """Splits that were saved before there was such a column stay valid."""
    header, *rows = MANIFEST.splitlines()

    def fingerprint(name, header, end, more):
        (tmp_path / name).mkdir()
        for file in ("a.svs", "m.png"):
            (tmp_path / name / file).write_text("something")
        lines = [header, *(row + more for row in rows), "001,Bonn,wsi,a.svs," + end]
        return Cohort.from_manifest(write(tmp_path / name, "\n".join(lines) + "\n")).fingerprint()

    without = fingerprint("a", header, "", "")
    assert fingerprint("b", f"{header},tissue_mask", ",", ",") == without
    assert fingerprint("c", f"{header},tissue_mask", ",m.png", ",") != without


def test_a_class_that_no_configuration_names(tmp_path):
    folder = write(tmp_path / "c", targets=TARGETS.replace("mutant", "mutan"))
    cohort = Cohort.from_manifest(folder)
    assert check_classes(cohort, {"idh": ["mutan", "wildtype"]}) == []
    (close,) = check_classes(cohort, {"idh": ["mutant", "wildtype"]})
    assert str(close) == (
        "targets.csv:4: patient 001: idh 'mutan' is a class that no configuration names; "
        "did you mean 'mutant'?"
    )
    far = check_classes(cohort, {"idh": ["x", "y"]})
    assert [f.line for f in far] == [4, 2]
    assert "names; the configuration names x, y" in str(far[0])


def test_columns_that_the_targets_lack(tmp_path):
    cohort = Cohort.from_manifest(write(tmp_path / "c"))
    (fault,) = check_classes(cohort, {"IDH_": ["mutant"]})
    assert str(fault) == "targets.csv:1: no column 'IDH_'; did you mean 'idh'?"
    (fault,) = check_classes(cohort, {"histology": ["a"]})
    assert str(fault).endswith("no column 'histology'; it has idh, os_time_days, os_event")
    (fault,) = check_classes(cohort, {"os_event": ["0", "1"]})
    assert str(fault).endswith("column 'os_event' is a part of survival, not a class")
    assert check_survival(cohort, ["os"]) == []
    assert len(check_survival(cohort, ["pfs"])) == 2
    assert "did you mean 'os_event'?" in str(check_survival(cohort, ["oss"])[1])
    bare = Cohort.from_manifest(write(tmp_path / "d", targets=None))
    (fault,) = check_classes(bare, {"idh": ["mutant"]})
    assert str(fault) == "targets.csv: no column 'idh': cohort d has no targets"
