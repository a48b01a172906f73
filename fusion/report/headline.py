"""The answer in plain language: did fusion beat what a clinic already has?"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from fusion.report.harmonised import NOT_HARMONISED
from fusion.report.metric_row import MetricRow
from fusion.report.metrics_file import Metrics
from fusion.report.numbers import interval, number, p_value, value
from fusion.report.tasks import TaskInfo

_PLACES = {
    "external": "On external centres",
    "internal test": "On the internal test alone (no external patients)",
}

_IN_WORDS = {NOT_HARMONISED: "the same fusion without harmonising"}


@dataclass(frozen=True)
class Headline:
    """One task's answer."""

    task: str
    verdict: Literal["better", "worse", "unclear", "unknown"]
    sentence: str
    singles: str = ""
    """How it compares with every other model."""


def headline(metrics: Metrics, task: TaskInfo) -> Headline:
    """Compare with the clinical model on external patients, or on the test part without any.

    That one model beats the other is said only where the 95 % interval of the difference lies
    wholly on one side of 0.
    """
    for part, place in _PLACES.items():
        about = {"task": task.name, "metric": task.primary, "part": part}
        ours = metrics.one(**about, model=metrics.model)
        if ours is None or ours.n == 0:
            continue
        if metrics.baseline is None:
            return replace(_alone(metrics, place, ours), singles=_others(metrics, about))
        theirs = metrics.one(**about, model=metrics.baseline)
        gap = metrics.one(**about, model=metrics.model, versus=metrics.baseline)
        answer = _compare(metrics, place, ours, theirs, gap)
        return replace(answer, singles=_others(metrics, about))
    text = f"For {task.name} there is no answer: no test or external patient has a label."
    return Headline(task.name, "unknown", text)


def _verdict(gap: MetricRow) -> Literal["better", "worse", "unclear", "unknown"]:
    if gap.low is None or gap.high is None:
        return "unknown"
    return "better" if gap.low > 0 else "worse" if gap.high < 0 else "unclear"


def _others(metrics: Metrics, about: Mapping[str, str]) -> str:
    """One sentence about the models that are neither the main one nor the baseline."""
    said = {
        "better": "It beat {}",
        "worse": "It was worse than {}",
        "unclear": "There is no evidence that it beats {}",
        "unknown": "It cannot be compared with {}",
    }
    names: dict[str, list[str]] = {verdict: [] for verdict in said}
    for row in metrics.rows:
        mine = all(getattr(row, field) == value for field, value in about.items()) and row.pooled
        if mine and row.versus not in (None, metrics.baseline):
            names[_verdict(row)].append(_IN_WORDS.get(row.versus, row.versus))
    return " ".join(f"{said[v].format(_or(n))}." for v, n in names.items() if n)


def _compare(
    metrics: Metrics,
    place: str,
    ours: MetricRow,
    theirs: MetricRow | None,
    gap: MetricRow | None,
) -> Headline:
    model, baseline, task = metrics.model, metrics.baseline, ours.task
    if ours.value is None:
        text = f"{place}, the {ours.metric} of {model} for {task} is not defined: {ours.reason}."
        return Headline(task, "unknown", text)
    scored = f"{model} reached {_article(ours.metric)} of {_interval(ours)}"
    if theirs is None or gap is None or gap.low is None or gap.high is None or gap.value is None:
        why = gap.reason if gap is not None else f"no model called {baseline} predicted it"
        text = (
            f"{place}, {scored} for {task} in {ours.n} patients; whether that beats the "
            f"{baseline} model is not known: {why}."
        )
        return Headline(task, "unknown", text)
    claim = {
        "better": f"{model} beat the {baseline} model for {task}",
        "worse": f"{model} was worse than the {baseline} model for {task}",
        "unclear": f"there is no evidence that {model} beats the {baseline} model for {task}",
    }[_verdict(gap)]
    same = gap.n == ours.n == theirs.n and theirs.value is not None
    against = f" against {number(theirs.value)}" if same and theirs.value is not None else ""
    whom = f"{gap.n} patients" if same else f"the {gap.n} patients that both models predicted"
    p = p_value(gap.p)
    text = (
        f"{place}, {claim}: {scored}{against}, a difference of {_interval(gap)} in {whom} "
        f"(p\u00a0{p if p.startswith('<') else f'= {p}'})."
    )
    return Headline(task, _verdict(gap), text)


def _alone(metrics: Metrics, place: str, ours: MetricRow) -> Headline:
    """Without a baseline nothing is beaten, however large the number."""
    text = (
        f"{place}, {metrics.model} reached {_article(ours.metric)} of {_interval(ours)} for "
        f"{ours.task} in {ours.n} patients. There is no clinical model beside it, so that whether "
        "it beats what a clinic already has is not known."
    )
    if ours.value is None:
        text = f"{place}, the {ours.metric} for {ours.task} is not defined: {ours.reason}."
    return Headline(ours.task, "unknown", text)


def _or(names: list[str]) -> str:
    return " or ".join([*([", ".join(names[:-1])] if names[1:] else []), names[-1]])


def _article(metric: str) -> str:
    return f"an {metric}" if metric.startswith("A") else f"a {metric}"


def _interval(row: MetricRow) -> str:
    width = interval(row)
    return f"{value(row)} ({width if width == 'no interval' else f'95 % interval {width}'})"
