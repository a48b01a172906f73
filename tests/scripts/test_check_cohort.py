"""The command: exit codes, and what it leaves behind."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "check_cohort.py"


@pytest.fixture
def command():
    spec = importlib.util.spec_from_file_location("check_cohort", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    """Four patients with two volumes each, from a table that a person could have written."""
    import nibabel as nib

    folder = tmp_path / "cohort"
    folder.mkdir()
    rng = np.random.default_rng(0)
    manifest, targets = ["patient_id,center,modality,path,sequence"], ["patient_id,idh"]
    for i in range(4):
        for sequence in ("T1c", "FLAIR"):
            image = nib.Nifti1Image(rng.normal(9, 1, (6, 7, 8)).astype(np.float32), np.eye(4))
            nib.save(image, folder / f"P{i}_{sequence}.nii.gz")
            manifest.append(f"P{i},{'AB'[i // 2]},mri,P{i}_{sequence}.nii.gz,{sequence}")
        targets.append(f"P{i},{'xy'[i % 2]}")
    (folder / "manifest.csv").write_text("\n".join(manifest) + "\n")
    (folder / "targets.csv").write_text("\n".join(targets) + "\n")
    return folder


def test_a_sound_cohort_exits_0_and_leaves_tables_and_a_picture(command, cohort, tmp_path, capsys):
    assert command([f"cohort={cohort}", f"out={tmp_path / 'out'}", "workers=1"]) == 0
    assert "0 faults, 0 warnings: ready for a run" in capsys.readouterr().out
    assert json.loads((tmp_path / "out/check.json").read_text())["faults"] == 0
    assert (tmp_path / "out/check.png").read_bytes().startswith(b"\x89PNG")


def test_warnings_alone_exit_0(command, cohort, tmp_path, capsys):
    targets = cohort / "targets.csv"
    targets.write_text(targets.read_text().replace(",x", ",y"))
    assert command([f"cohort={cohort}", f"out={tmp_path / 'out'}"]) == 0
    assert "idh: fewer than two classes in all" in capsys.readouterr().out


def test_a_fault_exits_1_and_names_the_file(command, cohort, tmp_path, capsys):
    torn = cohort / "P2_T1c.nii.gz"
    torn.write_bytes(torn.read_bytes()[:-60])
    assert command([f"cohort={cohort}", f"out={tmp_path / 'out'}"]) == 1
    out = capsys.readouterr().out
    assert "manifest.csv:6, patient P2, P2_T1c.nii.gz" in out
    assert "truncated or damaged" in out


def test_no_cohort_is_a_fault_without_a_traceback(command, tmp_path, capsys):
    assert command([f"cohort={tmp_path / 'nowhere'}", f"out={tmp_path / 'out'}"]) == 1
    assert "no such cohort folder" in capsys.readouterr().out
    assert json.loads((tmp_path / "out/check.json").read_text())["faults"] == 1


def test_what_cannot_be_done_exits_2(command, cohort, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert command([f"cohrt={cohort}"]) == 2
    assert command([f"cohort={cohort}", "workers=0"]) == 2
    assert command([f"cohort={cohort}", f"out={tmp_path / 'file'}"]) == 2
    err = capsys.readouterr().err
    assert "did you mean cohort=...?" in err
    assert "workers=0: expected a whole number, 1 or more" in err
    assert "cannot be written" in err


def test_data_root_is_where_the_paths_start(command, cohort, tmp_path):
    tables = tmp_path / "tables"
    tables.mkdir()
    for name in ("manifest.csv", "targets.csv"):
        (cohort / name).rename(tables / name)
    arguments = [f"cohort={tables}", f"data_root={cohort}", f"out={tmp_path / 'out'}"]
    assert command(arguments) == 0


def test_no_arguments_print_the_help(command, capsys):
    with pytest.raises(SystemExit) as stop:
        command([])
    assert stop.value.code == 0
    assert (
        "cohort=...     folder with manifest.csv and targets.csv (needed)"
        in capsys.readouterr().out
    )
