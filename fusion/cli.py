"""The command line: plain messages for what users can cause, tracebacks for what they cannot."""

import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from fusion.errors import FusionError, Interrupted

if TYPE_CHECKING:
    from fusion.config.run import RunConfig

STOPS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGUSR1: 75}
"""Exit codes where no training is under way, which has handlers of its own."""


def guarded(command: Callable[[], None]) -> None:
    """Run a command; end with a message and an exit code.

    Exit codes: 0 done, 1 refused, 130/143/75 stopped by SIGINT/SIGTERM/SIGUSR1. The traceback is
    shown with FUSION_DEBUG=1.
    """
    try:
        command()
    except Interrupted as stop:
        leave(str(stop), stop.exit_code)
    except FusionError as error:
        if os.environ.get("FUSION_DEBUG"):
            raise
        leave(f"{type(error).__name__}: {error}", 1)
    except KeyboardInterrupt as stop:
        number = stop.args[0] if stop.args else signal.SIGINT
        leave(
            f"stopped by {number.name}; what was finished is kept. Go on with the same command, "
            "and with ckpt=last where training had begun",
            STOPS[number],
        )


def leave(message: str, code: int) -> None:
    """Print to standard error and exit."""
    sys.stderr.write(f"\n{message}\n")
    sys.stderr.flush()
    raise SystemExit(code)


def stop(number: int, frame: FrameType | None) -> None:
    """What Ctrl-C does, for the signals of schedulers."""
    raise KeyboardInterrupt(signal.Signals(number))


def train() -> None:
    """`fusion-train`, `python -m fusion.cli` and `python train.py`."""
    for number in (signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, stop)
    from fusion.config.compose import launch
    from fusion.run.allocator import keep_freed_memory

    keep_freed_memory()
    done: list[Path] = []

    def one(config: "RunConfig", folder: Path, overrides: Sequence[str]) -> None:
        job(config, folder, overrides)
        done.append(folder)

    guarded(lambda: launch(one))
    if len(done) > 1:  # a sweep in this process
        sys.stdout.write(f"\ncompare      {compare_command(done)}\n")


def compare_command(folders: Sequence[Path]) -> str:
    """What to type after a sweep.

    Example:
        >>> compare_command([Path("runs/a/0"), Path("runs/a/1")]).split()[-1]
        "runs='runs/a/*'"
    """
    script = Path(sys.argv[0]).with_name("scripts") / "compare.py"
    program = str(script) if script.exists() else "-m fusion.scripts.compare"
    parents = ",".join(f"{parent}/*" for parent in dict.fromkeys(f.parent for f in folders))
    return f"python {program} runs='{parents}'"


def job(config: "RunConfig", folder: Path, overrides: Sequence[str]) -> None:
    """One run, or one of a sweep."""
    logging.getLogger("numexpr").setLevel(logging.WARNING)  # else it greets
    from fusion.run.main import run  # slow: --help and a misspelt name have their answer by now

    guarded(lambda: run(config, folder, overrides))


if __name__ == "__main__":
    train()
