"""Predictions -> metrics: per part, per centre, with intervals, and fusion minus the others."""

from collections.abc import Mapping, Sequence

import pandas as pd

from fusion.errors import PredictionsError
from fusion.metrics.censoring import Censoring
from fusion.report.estimate import estimate, estimate_difference
from fusion.report.groups import PART_NAMES, Group, groups
from fusion.report.measures import measures
from fusion.report.metric_row import MetricRow
from fusion.report.predictions import check
from fusion.report.scores import Scores, same_patients, scores
from fusion.report.tasks import TaskInfo


def evaluate(
    predictions: pd.DataFrame,
    tasks: Sequence[TaskInfo],
    *,
    draws: int = 1000,
    seed: int,
    model: str = "fusion",
) -> list[MetricRow]:
    """Every metric of every model, and of `model` minus each other on the same patients.

    Intervals are 95 % percentiles over patients drawn with replacement. Differences are given for
    all metrics over all centres of a part, and for the primary metric at each centre.

    Args:
        predictions: as `fusion.report.predictions.SCHEMA` says.
        tasks: one for each task in the predictions.
        draws: resamples of the patients.
        seed: of the resampling; the same for all rows.
        model: whose differences from the other models are wanted.

    Raises:
        PredictionsError: where tables and tasks contradict each other, or `model` is absent.
    """
    check(predictions)
    _agree(predictions, tasks, model)
    rows = []
    for task in tasks:
        found = {name: scores(predictions, task, name) for name in models(predictions, task, model)}
        measured = measures(task, _censoring(task, found))
        for group in groups(predictions[predictions["task"] == task.name]):
            inside = {name: group.of(table) for name, table in found.items()}
            for name, table in inside.items():
                for measure in measured:
                    blank = _blank(group, task, table, model=name, metric=measure.name)
                    rows.append(estimate(blank, measure, table, draws=draws, seed=seed))
            for other in [name for name in inside if name != model and model in inside]:
                ours, theirs = same_patients(inside[model], inside[other])
                for measure in measured if group.center == "all" else measured[:1]:
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


def _censoring(task: TaskInfo, found: Mapping[str, Scores]) -> Censoring | None:
    """From the labels of all training patients, so that every model is weighted alike."""
    if task.kind != "survival":
        return None
    labels = pd.concat(
        [t.who.assign(time=t.target, event=t.event) for t in found.values()], ignore_index=True
    )
    labels = labels[labels["part"] == "train"].drop_duplicates(["cohort", "patient_id"])
    if labels.empty:
        return None
    return Censoring.fit(labels["time"].to_numpy(float), labels["event"].to_numpy(float) == 1)


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
