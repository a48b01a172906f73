"""The folder of a run: a new one, or the one to go on in."""

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import yaml

from fusion.config.run import RunConfig
from fusion.errors import ConfigError
from fusion.lit.rank import rank

FINISHED = "report.html"
"""The last file that a run writes."""

CONFIG = "config.yaml"
"""All that decides a run; one of the first files."""

CHOSEN = "FUSION_RUN_FOLDER"
"""Environment variable by which the other processes of a distributed run are told the folder."""

FREE = {"ckpt", "out", "progress", "cache", "data_root", "trainer", "loader.workers", "evaluation"}
FREE |= {"cohort.root", "cohort.data_root", "cohort.source", "audit"}
"""What may change when a run is gone on with: where it runs and how long, not what it learns."""


def choose_folder(config: RunConfig, folder: Path, overrides: Sequence[str]) -> Path:
    """Where this run writes.

    Args:
        config: with `ckpt=last`, the newest unfinished run of the same name is gone on with,
            unless the command line names the folder with `out=`.
        folder: that Hydra made for this run.
        overrides: of the command line.

    Raises:
        ConfigError: where there is nothing to go on with, or the folder holds a finished run.
    """
    if rank() != 0:  # the first process has chosen, and is writing there
        return Path(os.environ[CHOSEN])
    if config.ckpt == "last" and not any(a.startswith("out=") for a in overrides):
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
    if config.ckpt == "last" and (folder / CONFIG).exists():
        refuse_another(config, folder / CONFIG)
    os.environ[CHOSEN] = str(folder.resolve())
    return folder


def refuse_another(config: RunConfig, path: Path) -> None:
    """Half of one run and half of another make no model.

    Raises:
        ConfigError: naming the settings that are others than when the run began.
    """
    before, now = (
        {str(key): value for key, value in pd.json_normalize(values).iloc[0].items()}
        for values in (yaml.safe_load(path.read_text()), config.model_dump(mode="json"))
    )
    changed = [
        key
        for key in sorted({*before, *now})
        if before.get(key) != now.get(key) and not {key, key.split(".")[0]} & FREE
    ]
    if changed:
        raise ConfigError(
            f"{path.parent} was begun with other values of {', '.join(changed[:5])}"
            f"{' ...' if len(changed) > 5 else ''}; give those (they stand in {path.name}), or "
            "leave ckpt and out away to make a new run"
        )


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


def resume_command(folder: Path, overrides: Sequence[str]) -> str:
    """What to type to go on after an interruption; in a sweep, for this job alone."""
    kept = [o for o in overrides if not o.startswith(("out=", "ckpt="))]
    program = [sys.argv[0]] if sys.argv[0].endswith(".py") else ["-m", "fusion.cli"]
    return shlex.join(["python", *program, *config_dir(), *kept, f"out={folder}", "ckpt=last"])


def config_dir() -> list[str]:
    """The user's own folder of YAML files, a flag of Hydra and so no override."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--config-dir", "-cd")
    found = parser.parse_known_args(sys.argv[1:])[0].config_dir
    return [] if found is None else ["--config-dir", found]
