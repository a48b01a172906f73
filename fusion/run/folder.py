"""The folder of a run: a new one, or the one to go on in."""

import sys
from collections.abc import Sequence
from pathlib import Path

from fusion.config.run import RunConfig
from fusion.errors import ConfigError

FINISHED = "report.html"
"""The last file that a run writes."""


def choose_folder(config: RunConfig, folder: Path, arguments: Sequence[str]) -> Path:
    """Where this run writes.

    Args:
        config: with `ckpt=last`, the newest unfinished run of the same name is gone on with,
            unless the command line names the folder with `out=`.
        folder: that Hydra made for this run.
        arguments: of the command line.

    Raises:
        ConfigError: where there is nothing to go on with, or the folder holds a finished run.
    """
    if config.ckpt == "last" and not any(a.startswith("out=") for a in arguments):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
        folder = newest_unfinished(folder.parent)
    if (folder / FINISHED).exists():
        raise ConfigError(
            f"{folder} holds a finished run; leave out= away to make a new folder, or read its "
            "report.html"
        )
    folder.mkdir(parents=True, exist_ok=True)
    if config.ckpt == "none" and (folder / "models").exists():
        raise ConfigError(f"{folder} holds an unfinished run; go on with it by adding ckpt=last")
    return folder


def newest_unfinished(runs: Path) -> Path:
    """The unfinished run that was touched last.

    Raises:
        ConfigError: where there is none.
    """
    begun = [p for p in sorted(runs.glob("*")) if (p / "models").is_dir()]
    unfinished = [p for p in begun if not (p / FINISHED).exists()]
    if not unfinished:
        raise ConfigError(f"ckpt=last: there is no unfinished run in {runs}; leave ckpt away")
    return max(unfinished, key=lambda p: p.stat().st_mtime)


def resume_command(folder: Path, arguments: Sequence[str]) -> str:
    """What to type to go on after an interruption."""
    kept = [a for a in arguments if not a.startswith(("out=", "ckpt=", "hydra.", "-"))]
    program = sys.argv[0] if sys.argv[0].endswith(".py") else "-m fusion.cli"
    return " ".join(["python", program, *kept, f"out={folder}", "ckpt=last"])
