"""How good the fusion is with some of its modalities hidden, on the same patients."""

from collections.abc import Iterator, Sequence
from functools import partial

import pandas as pd

from fusion.report.measure import Measure
from fusion.report.measured import Measured, measure
from fusion.report.measures import measures
from fusion.report.outcome import is_binary
from fusion.report.scores import Scores
from fusion.report.task_scores import JUDGED, TaskScores
from fusion.report.tasks import TaskInfo
from fusion.statistics.bootstrap import Interval, bootstrap, paired_bootstrap
from fusion.statistics.estimate import Estimate

LOST = "lost"
"""All modalities minus what is left of them."""

_JOIN = " + "


def robustness_rows(
    predictions: pd.DataFrame, task: TaskInfo, *, draws: int, seed: int
) -> Iterator[Measured]:
    """The primary metric with each subset of modalities, and what is lost against all of them.

    Args:
        predictions: `RunSummary.robustness`.
        task: any.
        draws: resamples, the same patients for every subset.
        seed: of them.
    """
    names = list(dict.fromkeys(predictions.loc[predictions["task"] == task.name, "model"]))
    if not names:
        return
    whole = max(names, key=lambda name: len(modalities(name)))
    case = TaskScores.read(predictions, task, model=whole, baseline=None)
    first = measures(task, None)[0]
    for part in JUDGED:
        full = case.of(whole, part)
        for name in case.found if len(full) else ():
            found = case.of(name, part)
            blank = Measured(task.name, "", name, part, "all", len(found), _events(task, found))
            yield measure(blank, first.name, partial(_value, first, found, draws, seed))
            if name != whole:
                yield measure(blank, LOST, partial(_lost, first, full, found, draws, seed))


def modalities(model: str) -> Sequence[str]:
    """What was left.

    Example:
        >>> modalities("mri + rna")
        ['mri', 'rna']
    """
    return model.split(_JOIN)


def _events(task: TaskInfo, found: Scores) -> int | None:
    if task.kind == "survival":
        return int((found.event == 1).sum())
    return int((found.target == 1).sum()) if is_binary(task) else None


def _value(first: Measure, found: Scores, draws: int, seed: int) -> Interval:
    return bootstrap(first.statistic, first.arrays(found), draws=draws, seed=seed)


def _lost(first: Measure, full: Scores, found: Scores, draws: int, seed: int) -> Estimate:
    gap = paired_bootstrap(
        first.statistic, first.arrays(full), first.arrays(found), draws=draws, seed=seed
    )
    return Estimate(gap.value, gap.low, gap.high)
