"""Predictions -> metrics: per part, per centre, with intervals, and fusion minus the others."""

from collections.abc import Mapping, Sequence

import pandas as pd

from fusion.errors import PredictionsError
from fusion.metrics.censoring import Censoring
from fusion.report.censoring import task_censoring
from fusion.report.estimate import estimate, estimate_difference
from fusion.report.groups import PART_NAMES, Group, groups
from fusion.report.measures import measures
from fusion.report.metric_row import MetricRow
from fusion.report.predictions import check
from fusion.report.scores import Scores, same_patients, scores
from fusion.report.tasks import TaskInfo

_NONE: Mapping[str, Censoring] = {}


def evaluate(
    predictions: pd.DataFrame,
    tasks: Sequence[TaskInfo],
    *,
    draws: int = 1000,
    seed: int,
    model: str = "fusion",
    brought: Mapping[str, Censoring] = _NONE,
) -> list[MetricRow]:
    """Every metric of every model, and of `model` minus each other on the same patients.

    Intervals are 95 % percentiles over patients drawn with replacement. Differences are given for
    all metrics over all centres of a part, and for the primary metric at each centre. Metrics of
    whole curves and those weighted twice for censoring are for all centres together.

    Args:
        predictions: as `fusion.report.predictions.SCHEMA` says.
        tasks: one for each task in the predictions.
        draws: resamples of the patients.
        seed: of the resampling; the same for all rows.
        model: whose differences from the other models are wanted.
        brought: task -> censoring of training patients whose predictions are not in the table.

    Raises:
        PredictionsError: where tables and tasks contradict each other, or `model` is absent.
    """
    check(predictions)
    _agree(predictions, tasks, model)
    rows = []
    for task in tasks:
        found = {name: scores(predictions, task, name) for name in models(predictions, task, model)}
        measured = measures(task, task_censoring(task, found) or brought.get(task.name))
        at_centers = [measure for measure in measured if measure.everywhere]
        for group in groups(predictions[predictions["task"] == task.name]):
            inside = {name: group.of(table) for name, table in found.items()}
            for name, table in inside.items():
                for measure in measured if group.center == "all" else at_centers:
                    blank = _blank(group, task, table, model=name, metric=measure.name)
                    rows.append(estimate(blank, measure, table, draws=draws, seed=seed))
            for other in [name for name in inside if name != model and model in inside]:
                ours, theirs = same_patients(inside[model], inside[other])
                compared = [m for m in measured if m.interval]
                for measure in compared if group.center == "all" else compared[:1]:
                    blank = _blank(
                        group, task, ours, model=model, metric=measure.name, versus=other
                    )
                    rows.append(
                        estimate_difference(blank, measure, ours, theirs, draws=draws, seed=seed)
                    )
    return rows


def models(predictions: pd.DataFrame, task: TaskInfo, *first: str | None) -> list[str]:
    """Who predicted a task: those named first in front, the others in order of appearance."""
    present = list(predictions.loc[predictions["task"] == task.name, "model"].unique())
    named = [n for n in first if n is not None and n in present]
    return named + [n for n in present if n not in named]


def _agree(predictions: pd.DataFrame, tasks: Sequence[TaskInfo], model: str) -> None:
    described, predicted = {t.name for t in tasks}, set(predictions["task"])
    if described != predicted:
        raise PredictionsError(
            f"tasks without predictions: {sorted(described - predicted)}, "
            f"predictions without a task: {sorted(predicted - described)}"
        )
    present = sorted(set(predictions["model"]))
    if model not in present:
        raise PredictionsError(f"model {model!r} has no predictions; found {present}")


def _blank(
    group: Group,
    task: TaskInfo,
    table: Scores,
    *,
    model: str,
    metric: str,
    versus: str | None = None,
) -> MetricRow:
    events: int | None = None
    if task.kind == "survival":
        events = int((table.event == 1).sum())
    elif len(task.classes) == 2:
        events = int((table.target == 1).sum())
    return MetricRow(
        model=model,
        task=task.name,
        metric=metric,
        part=PART_NAMES[group.part],
        cohort=group.cohort,
        center=group.center,
        n=len(table),
        events=events,
        value=None,
        low=None,
        high=None,
        versus=versus,
    )
