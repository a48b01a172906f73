"""The command says what would go before anything does."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from fusion.data.prepare.cache import Cache
from fusion.data.prepare.stock import stock

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "cache.py"


@pytest.fixture
def folder(tmp_path):
    made = {"encoder": {"name": "texture"}, "tiling": {"tile_px": 128, "mpp": 1.0}}
    for key in ("aa" * 32, "bb" * 32):
        meta = {"file": f"{key[:2]}.svs", "made_by": made}
        Cache(tmp_path / "wsi").put(key, {"features": np.ones((9, 2), np.float16)}, meta)
    return tmp_path


@pytest.fixture
def command(monkeypatch, capsys, folder):
    def called(*arguments):
        monkeypatch.setattr(sys, "argv", ["cache.py", *arguments, f"cache={folder}"])
        code = 0
        try:
            runpy.run_path(str(SCRIPT), run_name="__main__")
        except SystemExit as end:
            code = end.code
        out, err = capsys.readouterr()
        return code, out, err

    return called


def test_a_line_says_what_made_the_entries(command):
    code, out, _ = command("ls")
    assert code == 0
    line = next(row for row in out.splitlines() if row.startswith("wsi"))
    assert line.split("  ")[0] == "wsi"
    assert "texture, 128 px at 1 um/px" in line
    assert " 2 " in line


def test_a_changed_entry_is_named_with_its_slide(command, folder):
    assert command("verify")[:2] == (0, "2 whole\n")
    path = stock(folder)[1].path
    raw = path.read_bytes()
    path.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    code, out, err = command("verify")
    assert code == 1
    assert f"{path}: changed on disk, made of bb.svs" in out
    assert "1 of 2 entries are faulty" in err


def test_nothing_is_deleted_before_yes(command, folder):
    code, out, _ = command("prune", "largest_gb=0")
    assert (code, len(stock(folder))) == (0, 2)
    assert "would delete 2 files" in out
    assert "yes=true" in out
    code, out, _ = command("prune", "largest_gb=0", "yes=true")
    assert (code, len(stock(folder))) == (0, 0)
    assert out.startswith("deleted 2 files")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["lss"], "'lss' is none of ls, verify, prune"),
        (["prune", "unused_days=soon"], "unused_days=soon: expected a number, 0 or more"),
        (["prune", "yes=perhaps"], "yes=perhaps: expected true or false"),
        (["ls", "unused=3"], "did you mean unused_days"),
    ],
)
def test_what_is_mistyped_is_told(command, arguments, says):
    code, _, err = command(*arguments)
    assert code == 1
    assert says in err
