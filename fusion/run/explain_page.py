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
    "half_of_it_in": "Half of it in",
    "insertion_gain": "Insertion gain",
    "deletion_gain": "Deletion gain",
    "planted_auc": "AUC of planted tiles",
}


def section(task: TaskInfo, found: Sequence[Explained], out: Path, seed: int) -> list[str]:
    """One task: its figure, its table, and every patient's pictures; writes the first two."""
    table = pd.DataFrame([each.row for each in found])
    publish(out / task.name / "patients.csv", to_csv(table))
    figure: Drawing = faithful_figure("faithful", task.name, [each.curves for each in found])
    figure.save(out / task.name)
    names = [str(name) for name in table]
    lines = [[_written(each.row[name]) for name in names] for each in found]
    text = [f"## {plain(task.name)}", f"![{figure.title}]({task.name}/{figure.name}.png)"]
    text += [figure.caption, *_measured(table, seed)]
    text.append(grid([HEADS[name] for name in names], lines))
    for each in found:
        base = f"{task.name}/{each.patient}"
        text.append(f"### {plain(each.patient)}")
        text += [f"![slide of {plain(each.patient)}]({base}/{name})" for name in each.files]
        text.append(f"![its telling tiles]({base}/telling_tiles.png)")
    return text


def _measured(table: pd.DataFrame, seed: int) -> list[str]:
    said = []
    for name in ("insertion_gain", "deletion_gain", "planted_auc"):
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


def told(method: str, modality: str) -> str:
    """What was done, for a reader."""
    how = {
        "integrated_gradients": "Each tile's score is what it adds to the evidence on the way "
        "from average tiles of training to the patient's own (integrated gradients, Sundararajan "
        "2017).",
        "gradient_times_input": "Each tile's score is the slope of the evidence times how the "
        "tile differs from the average tile of training.",
        "attention": "Each tile's score is the weight that the encoder gave it. A weight tells "
        "where the model looked, not what for.",
    }[method]
    return (
        f"{how} Evidence is the log-odds of a class, or the log-hazard; everything but {modality} "
        "stays as it is. `Of the tiles` is how far they move it from what average tiles would say, "
        "`Half of it in` the share of the tiles that holds half of what speaks for the answer. "
        "Gains are areas between a curve of the figure and that of a blind draw: above zero, the "
        "ranking of the tiles is one that the model itself bears out. For research; none of this "
        "says what a tile is, only what the model made of it."
    )
