"""A user's mistake ends with one message and exit code 1; a traceback is for our own mistakes."""

import logging
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fusion import cli
from fusion.errors import ConfigError, Interrupted

ROOT = Path(__file__).resolve().parents[1]


def raiser(error):
    def command():
        raise error

    return command


@pytest.fixture(autouse=True)
def _as_before(monkeypatch):
    """Hydra takes over the root logger, the command line the signals."""
    monkeypatch.delenv("FUSION_DEBUG", raising=False)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ConfigError("no such head"), 1, "\nConfigError: no such head\n"),
        (Interrupted("SIGTERM", 143, "python train.py x"), 143, "Go on with:\n  python train.py x"),
        (KeyboardInterrupt(), 130, "stopped by SIGINT; what was finished is kept. Go on with"),
        (KeyboardInterrupt(signal.SIGTERM), 143, "stopped by SIGTERM"),
        (KeyboardInterrupt(signal.SIGUSR1), 75, "stopped by SIGUSR1"),
    ],
)
def test_what_a_user_can_cause_is_one_message(capsys, error, code, message):
    with pytest.raises(SystemExit) as stop:
        cli.guarded(raiser(error))
    assert stop.value.code == code
    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""


def test_our_own_mistakes_are_not_hidden():
    with pytest.raises(ZeroDivisionError):
        cli.guarded(raiser(ZeroDivisionError()))


def test_the_traceback_is_there_for_those_who_ask(monkeypatch):
    monkeypatch.setenv("FUSION_DEBUG", "1")
    with pytest.raises(ConfigError):
        cli.guarded(raiser(ConfigError("x")))


@pytest.fixture
def train(monkeypatch, capsys):
    """`train(*arguments)`: exit code and what was said."""

    def called(*arguments):
        monkeypatch.setattr(sys, "argv", ["train.py", *arguments])
        with pytest.raises(SystemExit) as stop:
            cli.train()
        return stop.value.code, capsys.readouterr().err

    return called


@pytest.fixture
def arguments(small_demo, small_cache, tmp_path):
    cohort = shutil.copytree(small_demo, tmp_path / "cohort")
    return cohort, [
        "+experiment=glioma_fusion",
        f"cohort.root={cohort}",
        f"cache={small_cache}",
        f"out={tmp_path / 'run'}",
    ]


def test_a_misspelt_name_reaches_the_user(train):
    code, said = train("+experiment=glioma_fusion", "sed=3")
    assert code == 1
    assert said.startswith("\nConfigError: Could not override 'sed'")
    assert "did you mean seed?" in said
    assert "Traceback" not in said


def spoil_volume(cohort):
    path = next((cohort / "mri").glob("*/T1.nii.gz"))
    path.write_bytes(path.read_bytes()[:400])


def spoil_separator(cohort):
    path = cohort / "manifest.csv"
    path.write_text(path.read_text().replace(",", ";"))


def spoil_id(cohort):
    path = cohort / "manifest.csv"
    path.write_text(path.read_text().replace("demo-0003", "<script>", 1))


def spoil_events(cohort):
    path = cohort / "targets.csv"
    lines = path.read_text().splitlines()
    column = lines[0].split(",").index("os_event")
    rows = [line.split(",") for line in lines]
    for row in rows[1:]:
        row[column] = row[column] and "0"
    path.write_text("\n".join(",".join(row) for row in rows) + "\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_volume, "T1.nii.gz: truncated or damaged"),
        (spoil_separator, "manifest.csv: is separated by ';', expected ','"),
        (spoil_id, "patient_id '<script>' is not allowed"),
        (spoil_events, "TrainingError: task survival"),
    ],
)
def test_bad_input_reaches_the_user(train, arguments, spoil, message):
    cohort, overrides = arguments
    spoil(cohort)
    more = ["split.stratify=[subtype]"] if spoil is spoil_events else []
    code, said = train(*overrides, *more)
    assert code == 1
    assert message in said
    assert "Traceback" not in said


@pytest.mark.slow
def test_a_faulty_job_of_a_sweep_reaches_the_user(train, arguments):
    cohort, overrides = arguments
    spoil_separator(cohort)
    code, said = train("-m", *overrides, "head=early,late")
    assert code == 1
    assert "is separated by ';'" in said


@pytest.mark.parametrize(
    "script",
    [
        "train.py",
        "scripts/audit.py",
        "scripts/evaluate.py",
        "scripts/make_demo.py",
        "scripts/report.py",
    ],
)
def test_commands_work_from_another_folder(script, tmp_path):
    done = subprocess.run(
        [sys.executable, str(ROOT / script), "--help"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
    )
    assert done.stdout
    assert not list(tmp_path.iterdir())  # help leaves nothing about


def test_help_and_mistakes_do_not_wait_for_torch():
    """A newcomer's first command answers at once."""
    code = (
        "import sys; import fusion.cli, fusion.config.compose;"
        "slow = {'torch', 'lightning', 'monai', 'pandas'} & set(sys.modules);"
        "sys.exit(f'imported {slow}' if slow else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
