"""A run that is killed says how to go on, and that very command gives the same bytes."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from fusion.config.compose import compose
from fusion.errors import ConfigError
from fusion.run.folder import choose_folder, resume_command
from fusion.run.prepare import prepare

TRAIN = Path(__file__).resolve().parents[2] / "train.py"
LONGER = ["trainer.max_epochs=8", "trainer.patience=8", "~baseline", "progress=true"]


def started(arguments, cwd):
    return subprocess.Popen(
        [sys.executable, str(TRAIN), *arguments],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def unbroken(once, finish):
    return once("unbroken", lambda folder: finish(folder, "glioma_subtyping", *LONGER))


def stopped(process, epoch, number):
    """The command that a run killed in that epoch says to go on with, and what it printed."""
    printed = []
    for line in process.stdout:
        printed.append(line)
        if line.startswith(f"epoch {epoch}/8"):
            process.send_signal(number)
            break
    rest, said = process.communicate(timeout=120)
    assert process.returncode == 128 + number
    assert "Traceback" not in said
    assert f"stopped by {number.name}; the checkpoint is saved. Go on with:" in said
    command = shlex.split(re.search(r"Go on with:\n  (.*)\n", said)[1])
    assert command[0] == "python"
    return command[1:], "".join(printed) + rest


@pytest.mark.slow
def test_a_run_that_is_killed_twice_goes_on_to_the_same_weights(settings, unbroken, tmp_path):
    overrides = settings("glioma_subtyping", *LONGER, f"out={tmp_path}/a run")
    command, _ = stopped(started(overrides, tmp_path), 2, signal.SIGTERM)
    command, printed = stopped(started(command[1:], tmp_path), 5, signal.SIGINT)
    assert "epoch 1/8" not in printed  # nothing is learned twice
    assert not (tmp_path / "a run" / "report.html").exists()
    done = subprocess.run(
        [sys.executable, *command], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert "epoch 5/8" not in done.stdout  # though the best epoch was an earlier one
    assert (tmp_path / "a run" / "report.html").exists()
    for name in ("models/fusion/weights.safetensors", "bundle/weights.safetensors"):
        assert (tmp_path / "a run" / name).read_bytes() == (unbroken / name).read_bytes()
    history = [f / "models" / "fusion" / "history.csv" for f in (tmp_path / "a run", unbroken)]
    assert history[0].read_text() == history[1].read_text()


@pytest.mark.slow
def test_a_run_that_is_killed_while_preparing_keeps_what_is_done(settings, tmp_path):
    cache = tmp_path / "cache"
    overrides = settings("glioma_subtyping", f"cache={cache}", f"out={tmp_path}/run")
    process = started(overrides, tmp_path)
    for _ in range(600):
        if list((cache / "wsi").rglob("*.safetensors")):
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "stopped by SIGTERM; what was finished is kept. Go on with the same command" in said
    assert "Traceback" not in said
    kept = {path: path.stat().st_mtime_ns for path in cache.rglob("*.safetensors")}
    assert kept

    prepare(compose(overrides), tmp_path / "run")
    after = {path: path.stat().st_mtime_ns for path in cache.rglob("*.safetensors")}
    assert len(after) > len(kept)
    assert kept.items() <= after.items()  # not made again


def begun(folder, config):
    (folder / "models").mkdir(parents=True)
    folder.joinpath("config.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json")))


@pytest.fixture
def config():
    return lambda *more: compose(["+experiment=glioma_subtyping", *more])


def test_a_new_folder_is_made(config, tmp_path):
    assert choose_folder(config(), tmp_path / "new", []) == tmp_path / "new"
    assert (tmp_path / "new").is_dir()


def test_a_finished_run_is_never_written_over(config, tmp_path):
    (tmp_path / "report.html").touch()
    with pytest.raises(ConfigError, match="holds a finished run; leave out= away"):
        choose_folder(config(), tmp_path, [f"out={tmp_path}"])


def test_an_unfinished_run_is_not_begun_again_by_chance(config, tmp_path):
    begun(tmp_path / "run", config())
    with pytest.raises(ConfigError, match=r"holds an unfinished run; .* by adding ckpt=last"):
        choose_folder(config(), tmp_path / "run", [f"out={tmp_path}/run"])


def test_the_newest_unfinished_run_is_gone_on_with(config, tmp_path):
    for day, name in enumerate(["b", "c", "a"]):
        begun(tmp_path / name, config())
        os.utime(tmp_path / name, (day, day))
    (tmp_path / "a" / "report.html").touch()
    (tmp_path / "today").mkdir()
    assert choose_folder(config("ckpt=last"), tmp_path / "today", []) == tmp_path / "c"
    assert not (tmp_path / "today").exists()  # what Hydra made is not left about


def test_without_an_unfinished_run(config, tmp_path):
    with pytest.raises(ConfigError, match="there is no unfinished run in"):
        choose_folder(config("ckpt=last"), tmp_path / "new", [])


def test_half_of_one_run_and_half_of_another_make_no_model(config, tmp_path):
    begun(tmp_path / "run", config())
    out = f"out={tmp_path}/run"
    other = config("ckpt=last", "optimizer.lr=0.5", "+cohort.external.x=/there")
    with pytest.raises(ConfigError, match=r"other values of cohort\.external\.x, optimizer\.lr;"):
        choose_folder(other, tmp_path / "run", [out])
    same = config("ckpt=last", out, "trainer.threads=2", "cache=other", "evaluation.draws=7")
    assert choose_folder(same, tmp_path / "run", [out]) == tmp_path / "run"


def test_the_command_to_go_on_can_be_pasted(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["train.py", "--config-dir", "my yaml", "ckpt=none"])
    overrides = ["+experiment=x", "split.centers=[Besta Milan]", "ckpt=none", "out=old"]
    command = resume_command(Path("/runs/a b"), overrides)
    assert shlex.split(command) == [
        *("python", "train.py", "--config-dir", "my yaml", "+experiment=x"),
        *("split.centers=[Besta Milan]", "out=/runs/a b", "ckpt=last"),
    ]
    monkeypatch.setattr(sys, "argv", ["/venv/bin/fusion-train"])
    assert resume_command(Path("r"), []) == "python -m fusion.cli out=r ckpt=last"
