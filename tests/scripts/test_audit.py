"""The command: its help, and what it says where it cannot do its work."""

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "audit.py"


@pytest.fixture
def command():
    spec = importlib.util.spec_from_file_location("audit", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def test_the_help_shows_all_three_ways(command, capsys):
    assert command(["--help"]) == 0
    out = capsys.readouterr().out
    for words in ("+experiment=glioma_fusion", "run=...", "bundle=...", "audit.accept"):
        assert words in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["+experiment=glioma_fusoin"], "did you mean glioma_fusion?"),
        (["run=nowhere"], "nowhere has no split.json: it is not the folder of a finished run"),
        (["run=nowhere", "otu=x"], "did you mean out=...?"),
        (["bundle=x"], "cohort=... is not given"),
        (["bundle=nowhere", "cohort=nowhere"], "nowhere"),
    ],
)
def test_what_cannot_be_done_exits_2_with_a_sentence(command, capsys, arguments, message):
    assert command(arguments) == 2
    assert message in capsys.readouterr().err
