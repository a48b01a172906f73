"""A report from predictions alone, whoever made them."""

import hashlib
import importlib.metadata
import platform
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

import fusion
from fusion.errors import ConfigError, PredictionsError
from fusion.report.predictions import load, save
from fusion.report.predictions_csv import load_csv
from fusion.report.summary import RunSummary
from fusion.report.tasks import TaskInfo
from fusion.report.wishes import Wishes
from fusion.report.write import write_report
from fusion.run.declared_tasks import chosen, declared_tasks, draft, rows_of, with_curves

PACKAGES = ("numpy", "scipy", "pandas", "scikit-learn", "statsmodels", "lifelines")
"""What the numbers of such a report depend on."""

NOTES = (
    "The report is made from a table of predictions and labels. What the model was given, whom it "
    "was trained on, how patients and thresholds were chosen and whether the model had met them is "
    "not in the table, and so nothing here has been audited for leakage.",
)


def report_table(
    *,
    predictions: Path,
    tasks: Path,
    only: Sequence[str] | None,
    out: Path,
    model: str | None,
    baseline: str | None,
    title: str | None,
    question: str | None,
    notes: Sequence[str],
    command: str,
    thresholds: Sequence[float] | None,
    draws: int,
    seed: int,
) -> Path:
    """Evaluate, and write a folder like that of a run.

    Args:
        predictions: Parquet or CSV, columns as `fusion.report.predictions.SCHEMA` says.
        tasks: `tasks.yaml`, see `declared_tasks`; tasks that it does not name are left out.
        only: of its tasks; None for all.
        out: folder for the report.
        model: that the report is about; None where the table has one alone.
        baseline: model to compare with; None where there is none.
        title: of the report; None for the model's name.
        question: what was asked, for a clinician; None for a plain one.
        notes: what a reader should know, one sentence or two each.
        command: that repeats it.
        thresholds: probabilities at which one might act; None for those of `Wishes`.
        draws: resamples for every interval.
        seed: of the resamples.

    Returns:
        The page; `predictions.parquet` and `metrics.json` lie beside it.

    Raises:
        ReadError: for a file that is absent or not what it should be.
        PredictionsError: where predictions contradict themselves or the tasks.
        ConfigError: for tasks that are not declared, or a model that there is not.
    """
    rows = load_csv(predictions) if predictions.suffix.lower() == ".csv" else load(predictions)
    if not tasks.exists():
        raise ConfigError(
            f"{tasks} is not there: which tasks there are, their kind and the order of their "
            f"classes must be said. Put the classes of this draft in order (of two the last is "
            f"the positive one; ordinal ones from low to high) and write it there:\n\n{draft(rows)}"
        )
    declared = with_curves(chosen(declared_tasks(tasks), only), rows)
    rows, left_out = rows_of(declared, rows)
    name = _model(rows, model, baseline)
    if left_out:
        notes = [*notes, f"Tasks of the table that are not in this report: {', '.join(left_out)}."]
    save(rows, out / "predictions.parquet")
    summary = _summary(rows, declared, name, title, question, [*notes, *NOTES], command)
    wishes = Wishes() if thresholds is None else Wishes(thresholds=_ascending(thresholds))
    return write_report(
        out, rows, summary, draws=draws, seed=seed, model=name, baseline=baseline, wishes=wishes
    )


def _ascending(thresholds: Sequence[float]) -> tuple[float, ...]:
    if not all(0 < t < 1 for t in thresholds) or list(thresholds) != sorted(set(thresholds)):
        raise ConfigError(f"thresholds {list(thresholds)}: expected ascending, above 0, below 1")
    return tuple(thresholds)


def _model(rows: pd.DataFrame, model: str | None, baseline: str | None) -> str:
    there = sorted(set(rows["model"]))
    for role, name in (("model", model), ("baseline", baseline)):
        if name is not None and name not in there:
            raise ConfigError(f"{role}={name}: no such model predicted; there are {there}")
    if model is None:
        if len(there) > 1:
            raise ConfigError(f"predictions of {len(there)} models, {there}; choose model=NAME")
        model = there[0]
    if model == baseline:
        raise ConfigError(f"model and baseline are both {model}; choose two, or no baseline")
    return model


def _summary(
    rows: pd.DataFrame,
    tasks: Sequence[TaskInfo],
    model: str,
    title: str | None,
    question: str | None,
    notes: Sequence[str],
    command: str,
) -> RunSummary:
    who = rows.drop_duplicates(["cohort", "patient_id"]).set_index("patient_id")
    if who.index.has_duplicates:
        twice = who.index[who.index.duplicated()][0]
        cohorts = sorted(who.loc[[twice], "cohort"])
        raise PredictionsError(
            f"patient_id {twice!r} is in the cohorts {cohorts}; two patients need two ids, put "
            f"the cohort's name before them"
        )
    # sorted: the order of the rows is no fact about the patients
    content = rows.sort_values(list(rows.columns)).to_csv(index=False)
    names = ", ".join(task.name for task in tasks)
    return RunSummary(
        title=title or model,
        question=question or f"How well does {model} predict {names} for patients it did not meet?",
        command=command,
        versions={
            "fusion": fusion.__version__,
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in PACKAGES},
        },
        fingerprint=hashlib.sha256(content.encode()).hexdigest(),
        split_scheme="By the table of predictions, which does not say how they were.",
        tasks=tasks,
        presence=pd.DataFrame(index=who.index),
        centers={str(p): str(c) for p, c in who["center"].items()},
        parts={str(p): str(x) for p, x in who["part"].items()},
        notes=notes,
    )
