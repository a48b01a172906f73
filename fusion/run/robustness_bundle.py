"""A bundle with its modalities hidden one by one and together: table, figures, predictions."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import torch
from rich.console import Console

from fusion.config.parts.tasks import task_infos
from fusion.errors import UndefinedMetric
from fusion.report.columns import two
from fusion.report.figure_robustness import figure_robustness
from fusion.report.figure_robustness_map import figure_robustness_map
from fusion.report.markdown import grid
from fusion.report.measured import Measured, as_table
from fusion.report.predictions import save
from fusion.report.publish import publish, to_csv
from fusion.report.robustness_rows import LOST, modalities, robustness_rows
from fusion.report.task_scores import JUDGED
from fusion.report.tasks import TaskInfo
from fusion.run.bundle import load_bundle
from fusion.run.own_patients import patients_asked
from fusion.run.robustness import ENOUGH, FILE, robustness

ALL_UP_TO = 10
"""Modalities of which every subset is tried: 1,023."""


def robustness_of_bundle(
    *, bundle: Path, cohort: Path | None, out: Path, cache: Path | None, draws: int
) -> Path:
    """Predict the same patients with every subset of their modalities, and write what is left.

    Args:
        bundle: that a run exported.
        cohort: another hospital's folder; None for the run's own test and external patients,
            whom the `split.json` beside the bundle names.
        out: folder for `robustness.md`, `.csv`, `.parquet` and figures.
        cache: for prepared volumes and slides; as in training if None.
        draws: bootstrap draws over patients.

    Returns:
        `robustness.md`.

    Raises:
        LeakageError: where another cohort shares a patient with training.
        BundleError: where the run's split is not beside the bundle.
        UndefinedMetric: where fewer than twenty patients have two modalities, or none a label.
    """
    model = load_bundle(bundle, cache=cache)
    places, inputs = patients_asked(model, bundle, cohort)
    tasks = [t for name, c in sorted(model.config.tasks.items()) for t in task_infos(name, c)]
    Console().print(f"[bold]hiding[/] every subset of {', '.join(model.trained.modalities)}")
    rows = robustness(
        model.trained,
        places,
        inputs,
        tasks=tasks,
        loader=model.config.loader,
        device=torch.device("cpu"),
        all_up_to=ALL_UP_TO,
    )
    if rows is None:
        raise UndefinedMetric(
            f"fewer than {ENOUGH} patients have two modalities; whom could one be hidden from?"
        )
    out.mkdir(parents=True, exist_ok=True)
    save(rows, out / FILE)
    left = {m for name in rows["model"].unique() for m in modalities(name)}
    rare = [m for m in model.trained.modalities if m not in left]
    return write(rows, tasks, out, rare=rare, draws=draws, seed=model.config.seed)


def write(
    rows: pd.DataFrame,
    tasks: Sequence[TaskInfo],
    out: Path,
    *,
    rare: Sequence[str],
    draws: int,
    seed: int,
) -> Path:
    """Table and figures of what is left; `rare` modalities were hidden from everybody."""
    measured = {t.name: list(robustness_rows(rows, t, draws=draws, seed=seed)) for t in tasks}
    known = [t for t in tasks if any(row.value is not None for row in measured[t.name])]
    if not known:
        raise UndefinedMetric("none of these patients has a label; nothing can be lost or kept")
    every = [row for task in known for row in measured[task.name]]
    publish(out / "robustness.csv", to_csv(as_table(every)))
    overview = figure_robustness_map(known, every)
    for figure in (overview, *(figure_robustness(task, measured[task.name]) for task in known)):
        figure.save(out)
    text = ["# Without some modalities", f"![{overview.title}]({overview.name}.png)"]
    text.append(overview.caption)
    if rare:
        text.append(
            f"Hidden from everybody, since fewer than {ENOUGH} patients have them with all others: "
            f"{', '.join(rare)}."
        )
    for task in known:
        for part, title in JUDGED.items():
            mine = [row for row in measured[task.name] if row.part == part]
            if mine:
                text += [f"## {task.name}, {title.lower()}", _grid(task, mine)]
    return publish(out / "robustness.md", ("\n\n".join(text) + "\n").encode())


def _grid(task: TaskInfo, rows: Sequence[Measured]) -> str:
    names = sorted({row.model for row in rows}, key=lambda n: (-len(modalities(n)), n))
    lines = []
    for name in names:
        mine = {row.measure == LOST: row for row in rows if row.model == name}
        lines.append([name, mine[False].n, *(_said(mine.get(lost)) for lost in (False, True))])
    return grid(["What is left", "Patients", task.primary, "Lost"], lines)


def _said(row: Measured | None) -> str:
    if row is None or row.value is None:
        return "–"
    around = "" if row.low is None or row.high is None else f" ({two(row.low)} to {two(row.high)})"
    return two(row.value) + around
