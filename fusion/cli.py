"""The command line: plain messages for what users can cause, tracebacks for what they cannot."""

import os
import sys
from collections.abc import Callable

from fusion.errors import FusionError, Interrupted


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
    except KeyboardInterrupt:
        leave("stopped; what was prepared is kept, the same command goes on from there", 130)


def leave(message: str, code: int) -> None:
    """Print to standard error and exit."""
    sys.stderr.write(f"\n{message}\n")
    sys.stderr.flush()
    raise SystemExit(code)


def train() -> None:
    """`fusion-train`, `python -m fusion.cli` and `python train.py`."""
    from fusion.config.compose import launch  # after the terminal has an answer to --help
    from fusion.run.main import run

    guarded(lambda: launch(lambda config, folder: guarded(lambda: run(config, folder))))


if __name__ == "__main__":
    train()
