"""The command on real runs: exit codes, and what it leaves behind."""

import importlib.util
import json
import shutil
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "audit.py"


@pytest.fixture
def command():
    spec = importlib.util.spec_from_file_location("audit", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def test_a_finished_run_exits_0_and_a_spoilt_one_1(command, finished, tmp_path, capsys):
    out = tmp_path / "out"
    assert command([f"run={finished}", f"out={out}"]) == 0
    assert "audit: 4 questions, 0 errors, 0 warnings" in capsys.readouterr().out
    run = shutil.copytree(finished, tmp_path / "run")
    notes = json.loads((run / "fitted.json").read_text())
    notes[0]["patients"] += json.loads((run / "split.json").read_text())["external"]
    (run / "fitted.json").write_text(json.dumps(notes))
    assert command([f"run={run}", f"out={out}"]) == 1
    shown = capsys.readouterr().out
    assert "error: fitted on others: the preprocessing of mri saw" in shown
    assert json.loads((out / "audit.json").read_text())["errors"] == 1
    assert len((out / "audit.csv").read_text().splitlines()) == 5


def test_a_plan_is_audited_without_training(command, settings, tmp_path, capsys):
    out = tmp_path / "out"
    assert command([*settings("glioma_subtyping", "~baseline"), f"out={out}"]) == 0
    assert "questions, 0 errors, 0 warnings" in capsys.readouterr().out
    assert {p.name for p in out.iterdir()} == {"audit.json", "audit.csv", "audit"}
