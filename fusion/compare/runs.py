"""Folders of runs, as `train.py -m` leaves them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path

import pandas as pd
import yaml

from fusion.config.compose import parse
from fusion.config.parts.tasks import task_infos
from fusion.config.run import RunConfig
from fusion.data.split import Split
from fusion.errors import ComparisonError, ConfigError, ReadError
from fusion.report.predictions import load
from fusion.report.tasks import TaskInfo
from fusion.run.folder import CONFIG, FINISHED
from fusion.run.resources import FILE as RESOURCES
from fusion.run.resources import Resources
from fusion.run.resources import load as load_resources
from fusion.run.robustness import read as read_robustness


@dataclass(frozen=True)
class Run:
    """One finished run."""

    folder: Path
    config: RunConfig
    split: Split
    predictions: pd.DataFrame
    robustness: pd.DataFrame | None
    """Modalities hidden; None where too few patients have several."""
    resources: Mapping[str, Resources]
    """Folder of a model, such as `fusion` -> what its training took; empty for older runs."""

    @property
    def tasks(self) -> list[TaskInfo]:
        """What is predicted, by name; a set of competing events is a task for each."""
        every = [i for name, task in self.config.tasks.items() for i in task_infos(name, task)]
        return sorted(every, key=lambda info: info.name)


def find(patterns: Sequence[str]) -> list[Path]:
    """Folders of finished runs, sorted.

    Raises:
        ComparisonError: where nothing is found, or a folder is no run or no finished one, by name.
    """
    found = sorted({Path(p) for pattern in patterns for p in glob(pattern) if Path(p).is_dir()})
    if not found:
        raise ComparisonError(
            f"runs={','.join(patterns)}: no folder is called so; give the runs of a sweep, such as "
            "runs='runs/NAME/DATE/*'"
        )
    for folder in found:
        if not (folder / CONFIG).exists():
            inside = sorted(p.parent for p in folder.glob(f"*/{CONFIG}"))
            hint = f"did you mean runs='{folder}/*'?" if inside else "leave it out"
            raise ComparisonError(f"{folder} has no {CONFIG}, so it is not a run's folder; {hint}")
    unfinished = [str(folder) for folder in found if not (folder / FINISHED).exists()]
    if unfinished:
        raise ComparisonError(
            f"not finished: {', '.join(unfinished)}. Go on with each (the command that began it, "
            "with ckpt=last and out=FOLDER), or leave it out"
        )
    return found


def read(folder: Path) -> Run:
    """Everything that a comparison wants of a run.

    Raises:
        ComparisonError: where the configuration is of another version.
        ReadError, SplitError, PredictionsError: for a file that is absent or torn.
    """
    path = folder / CONFIG
    try:
        config = parse(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ConfigError as error:
        raise ComparisonError(
            f"{path} does not fit this version, train it again: {error}"
        ) from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ReadError(path, f"cannot be read: {error}") from error
    models = sorted(p.parent for p in folder.glob(f"models/*/{RESOURCES}"))
    return Run(
        folder=folder,
        config=config,
        split=Split.load(folder / "split.json"),
        predictions=load(folder / "predictions.parquet"),
        robustness=read_robustness(folder),
        resources={model.name: load_resources(model) for model in models},
    )
