"""What the tasks of a table of predictions are, as its owner says."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
import yaml
from pydantic import Field, PositiveFloat, TypeAdapter, ValidationError

from fusion.config.strict import Strict
from fusion.errors import ConfigError, ReadError
from fusion.report.tasks import TaskInfo

_DAY = re.compile(r"survival_\d+(\.\d+)?")


class _Classes(Strict):
    kind: Literal["classification", "ordinal"]
    classes: list[str] = Field(min_length=2)
    """Of two the last is the positive one; ordinal ones from low to high."""


class _Survival(Strict):
    kind: Literal["survival"]
    horizons_days: list[Annotated[PositiveFloat, Field(strict=False)]]
    """Days at which a probability is predicted; empty where only a risk is."""


_SCHEMA = TypeAdapter(dict[str, Annotated[_Classes | _Survival, Field(discriminator="kind")]])


def declared_tasks(path: Path) -> list[TaskInfo]:
    """Read `tasks.yaml`: the name of each task, its kind, and its classes in order, or horizons.

    Words of YAML stay words: classes called no and yes need no quotes.

    Raises:
        ReadError: for a file that is absent or no YAML.
        ConfigError: for a kind that there is not, or values that do not fit it.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506  text only
    except (OSError, UnicodeDecodeError) as error:
        raise ReadError(path, f"cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise ReadError(path, f"is no YAML: {error}") from error
    try:
        declared = _SCHEMA.validate_python(content)
    except ValidationError as error:
        faults = [f"  {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise ConfigError("\n".join([f"{path} does not declare tasks:", *faults])) from None
    if not declared:
        raise ConfigError(f"{path} declares no task")
    found = []
    for name, task in declared.items():
        match task:
            case _Classes():
                found.append(TaskInfo(name, task.kind, classes=tuple(task.classes)))
            case _Survival():
                horizons = tuple(task.horizons_days)
                found.append(TaskInfo(name, "survival", horizons_days=horizons))
    return found


def draft(predictions: pd.DataFrame) -> str:
    """A `tasks.yaml` to start from: what the table has, for its owner to put in order.

    Example:
        >>> rows = [("idh", "mutant"), ("idh", "wildtype"), ("os", "risk"), ("os", "survival_365")]
        >>> print(draft(pd.DataFrame(rows, columns=["task", "class"])))
        idh: {kind: classification, classes: [mutant, wildtype]}
        os: {kind: survival, horizons_days: [365]}
    """
    lines = []
    for name, rows in predictions.groupby("task", sort=False):
        classes = [str(c) for c in rows["class"].unique()]
        lines.append(f"{name}: {_drafted(classes)}")
    return "\n".join(lines)


def _drafted(classes: list[str]) -> str:
    if "risk" in classes:
        days = [c.removeprefix("survival_") for c in classes if c.startswith("survival_")]
        return f"{{kind: survival, horizons_days: [{', '.join(days)}]}}"
    return f"{{kind: classification, classes: [{', '.join(classes)}]}}"


def chosen(tasks: Sequence[TaskInfo], only: Sequence[str] | None) -> list[TaskInfo]:
    """Those named, in the order of their declaration; all for None.

    Raises:
        ConfigError: for a name that is not declared.
    """
    there = [task.name for task in tasks]
    if strangers := sorted(set(only or ()) - set(there)):
        raise ConfigError(f"only={','.join(strangers)}: not declared; there are {there}")
    return [task for task in tasks if only is None or task.name in only]


def with_curves(tasks: Sequence[TaskInfo], predictions: pd.DataFrame) -> list[TaskInfo]:
    """Days of survival that are predicted and not declared are of the curve, and in no table.

    Example:
        >>> table = pd.DataFrame({"task": "os", "class": ["survival_365", "survival_100"]})
        >>> with_curves([TaskInfo("os", "survival", horizons_days=(365.0,))], table)[0].curve
        (100.0, 365.0)
    """
    found = []
    for task in tasks:
        if task.kind == "survival" and task.horizons_days:
            mine = predictions.loc[predictions["task"] == task.name, "class"].unique()
            names = [c for c in mine if _DAY.fullmatch(c) and c not in task.columns]
            days = tuple(sorted(float(name.removeprefix("survival_")) for name in names))
            task = replace(task, curve_days=tuple(d for d in days if d < task.horizons_days[-1]))
        found.append(task)
    return found


def rows_of(tasks: Sequence[TaskInfo], predictions: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Their predictions, and the names of tasks in the table that are left out.

    Raises:
        ConfigError: for a task, or a class of one, that has no predictions.
    """
    present: Mapping[str, set[str]] = {
        str(name): set(rows) for name, rows in predictions.groupby("task")["class"]
    }
    for task in tasks:
        if task.name not in present:
            raise ConfigError(f"task {task.name} has no predictions; there are {sorted(present)}")
        if odd := sorted(present[task.name] ^ set(task.columns)):
            raise ConfigError(
                f"task {task.name}: {odd} is declared or predicted, but not both; predicted are "
                f"{sorted(present[task.name])}"
            )
    names = [task.name for task in tasks]
    kept = predictions[predictions["task"].isin(names)].reset_index(drop=True)
    return kept, [name for name in present if name not in names]
