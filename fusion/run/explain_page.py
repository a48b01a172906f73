"""The page of an explanation: curves, tables, pictures."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from fusion.explain.faithful_figure import faithful_figure
from fusion.report.drawing import Drawing
from fusion.report.markdown import grid, plain
from fusion.report.numbers import number
from fusion.report.publish import publish, to_csv
from fusion.report.tasks import TaskInfo
from fusion.run.explain_patient import Explained
from fusion.statistics.bootstrap import bootstrap

HEADS = {
    "patient_id": "Patient",
    "answer": "Answer",
    "evidence": "Evidence",
    "of_the_tiles": "Of the tiles",
    "tiles": "Tiles",
    "of_the_volume": "Of the volume",
    "scores_sum_to": "Scores sum to",
    "brain_voxels": "Brain voxels",
    "half_of_it_in": "Half of it in",
    "insertion_gain": "Insertion gain",
    "deletion_gain": "Deletion gain",
    "planted_auc": "AUC of planted tiles",
    "planted_voxel_auc": "AUC of planted voxels",
}


def section(
    task: TaskInfo, found: Sequence[Explained], out: Path, seed: int, parts: str = "tiles"
) -> list[str]:
    """One task: its figure, its table, and every patient's pictures; writes the first two."""
    table = pd.DataFrame([each.row for each in found])
    publish(out / task.name / "patients.csv", to_csv(table))
    curves = [each.curves for each in found]
    figure: Drawing = faithful_figure("faithful", task.name, curves, parts)
    figure.save(out / task.name)
    names = [str(name) for name in table]
    lines = [[_written(each.row[name]) for name in names] for each in found]
    text = [f"## {plain(task.name)}", f"![{figure.title}]({task.name}/{figure.name}.png)"]
    text += [figure.caption, *_measured(table, seed)]
    text.append(grid([HEADS.get(name, plain(name)) for name in names], lines))
    for each in found:
        base = f"{task.name}/{each.patient}"
        text.append(f"### {plain(each.patient)}")
        text += [f"![{plain(what)}]({base}/{name})" for name, what in each.pictures.items()]
    return text


def _measured(table: pd.DataFrame, seed: int) -> list[str]:
    said = []
    for name in ("insertion_gain", "deletion_gain", "planted_auc", "planted_voxel_auc"):
        values = table[name].dropna().to_numpy(dtype=float) if name in table else np.empty(0)
        if len(values) > 1:
            found = bootstrap(lambda x: float(np.mean(x)), [values], seed=seed)
            said.append(
                f"{HEADS[name]}: mean {number(found.value)} "
                f"(95 % interval over patients {number(found.low)} to {number(found.high)})."
            )
    return said


def _written(value: object) -> str:
    return number(value) if isinstance(value, float) else str(value)
