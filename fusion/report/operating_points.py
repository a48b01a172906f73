"""What a threshold does: chosen on validation patients, judged on all others."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Bool, Float
from statsmodels.stats.proportion import proportion_confint

from fusion.errors import UndefinedMetric
from fusion.report.measured import Measured, measure
from fusion.report.outcome import outcomes
from fusion.report.task_scores import JUDGED, TaskScores
from fusion.statistics.estimate import Estimate
from fusion.statistics.operating_point import at_threshold
from fusion.statistics.threshold import threshold_at_sensitivity, threshold_youden


@dataclass(frozen=True)
class Threshold:
    """A probability from which on a patient is called positive, or why there is none."""

    rule: str
    value: float | None
    reason: str = ""


def thresholds(case: TaskScores, model: str, *, sensitivity: float) -> tuple[Threshold, ...]:
    """Youden's, and the highest that finds the wished share of the positives.

    Chosen on validation patients alone: on the patients that it is judged on, a threshold flatters
    itself. Where there are none, those that came with the main model.

    Args:
        case: a task with two classes.
        model: each has thresholds of its own.
        sensitivity: that is wished for on validation patients.
    """
    found = case.of(model, "val")
    score, target = found.values[:, 1], found.target == 1
    rules: Mapping[str, Callable[[], float]] = {
        "Youden": partial(threshold_youden, score, target),
        f"sensitivity {sensitivity:g}": partial(
            threshold_at_sensitivity, score, target, sensitivity=sensitivity
        ),
    }
    if len(found) == 0 and model == case.main and case.brought:
        return tuple(_brought(rule, case.brought) for rule in rules)
    return tuple(_chosen(rule, choose, len(found)) for rule, choose in rules.items())


def operating_rows(case: TaskScores, *, sensitivity: float) -> Iterator[Measured]:
    """Of the main model and the baseline, on each part and at each of its centres.

    `outcome` is the rule that chose the threshold, which is the first measure. Shares have Wilson's
    intervals; predictive values hang on how frequent the outcome is among these patients.

    Args:
        case: a task with two classes.
        sensitivity: as in `thresholds`.

    Source: Wilson 1927; Youden 1950; Zou and Donner 2008 (balanced accuracy).
    """
    for model in case.pair:
        for threshold in thresholds(case, model, sensitivity=sensitivity):
            for part in JUDGED:
                for place in ["all", *case.centers(part)]:
                    found = case.of(model, part, place)
                    if len(found) == 0:
                        continue
                    positive = found.target == 1
                    blank = Measured(
                        task=case.task.name,
                        outcome=f"{outcomes(case.task)[0].name}, {threshold.rule}",
                        model=model,
                        part=part,
                        group=place,
                        n=len(found),
                        events=int(positive.sum()),
                        reason=threshold.reason,
                    )
                    yield from _measures(blank, found.values[:, 1], positive, threshold.value)


def _brought(rule: str, known: Mapping[str, float]) -> Threshold:
    return Threshold(rule, known.get(rule), "" if rule in known else "the model came without it")


def _chosen(rule: str, choose: Callable[[], float], patients: int) -> Threshold:
    if patients == 0:
        reason = "no validation patients to choose a threshold on"
        return Threshold(rule, None, reason)
    try:
        return Threshold(rule, choose())
    except UndefinedMetric as error:
        return Threshold(rule, None, f"validation patients: {error}")


def _measures(
    blank: Measured,
    score: Float[np.ndarray, " n"],
    target: Bool[np.ndarray, " n"],
    threshold: float | None,
) -> Iterator[Measured]:
    at = np.nan if threshold is None else threshold
    called = score >= at
    shares = {
        "sensitivity": (called & target, target),
        "specificity": (~called & ~target, ~target),
        "PPV": (called & target, called),
        "NPV": (~called & ~target, ~called),
    }
    yield measure(blank, "threshold", lambda: float(at))
    for name, (hits, of) in shares.items():
        yield measure(blank, name, partial(_share, int(hits.sum()), int(of.sum()), name))
    yield measure(blank, "balanced accuracy", partial(_balanced, score, target, float(at)))


def _share(hits: int, of: int, name: str) -> Estimate:
    if of == 0:
        nobody = {"sensitivity": "is positive", "specificity": "is negative"}
        raise UndefinedMetric(f"nobody {nobody.get(name, 'is called so')}")
    low, high = proportion_confint(hits, of, method="wilson")
    return Estimate(hits / of, float(low), float(high))


def _balanced(
    score: Float[np.ndarray, " n"], target: Bool[np.ndarray, " n"], threshold: float
) -> Estimate:
    if target.all() or not target.any():
        raise UndefinedMetric("only one class among these patients")
    point = at_threshold(score, target, threshold=threshold, interval="wilson")
    return point.balanced_accuracy
