"""Which numbers say how well survival was predicted."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from jaxtyping import Float

from fusion.errors import UndefinedMetric
from fusion.metrics.brier import against_competing, brier_survival
from fusion.metrics.censoring import Censoring
from fusion.metrics.concordance import harrell_c
from fusion.metrics.d_calibration import at_own_time, d_calibration
from fusion.metrics.dynamic_auc import dynamic_auc
from fusion.metrics.integrated_brier import integrated_brier
from fusion.metrics.uno import uno_c
from fusion.report.measure import Arrays, Measure
from fusion.report.scores import Scores
from fusion.report.tasks import TaskInfo

D_CALIBRATION = "D-calibration p"


def survival_measures(task: TaskInfo, censoring: Censoring | None) -> Iterator[Measure]:
    """The C-index first; with a curve of survival the metrics of all of it.

    Uno's C-index counts the events before the last horizon. Of competing events the C-indices
    hold patients with another event for censored on its day (cause-specific), and AUC and Brier
    scores for free of this event for ever.
    """
    yield Measure(task.primary, harrell_c, lambda s: (s.values[:, 0], s.target, s.event == 1))
    if task.horizons_days and task.cause is None:
        last = task.horizons_days[-1]
        yield _weighted(f"Uno's C to {last:g} days", uno_c, _ranked, censoring, until_days=last)
    if task.curve_days:
        days = np.array(task.curve)
        yield _weighted(
            f"integrated Brier to {days[-1]:g} days",
            integrated_brier,
            lambda s: _whole(s, task),
            censoring,
            days=days,
        )
    for i, day in enumerate(task.horizons_days, start=1):
        at = partial(_at_day, column=i)
        yield _weighted(f"AUC at {day:g} days", dynamic_auc, at, censoring, horizon_days=day)
    for i, day in enumerate(task.horizons_days, start=1):
        at = partial(_graded, column=i, day=day)
        brier = _weighted(f"Brier at {day:g} days", brier_survival, at, censoring, horizon_days=day)
        yield brier.at_centers()
    if task.curve_days and task.cause is None:
        own = partial(_own, task=task)
        yield Measure(D_CALIBRATION, d_calibration, own, everywhere=False, interval=False)


def curves(scores: Scores, task: TaskInfo) -> Float[np.ndarray, "patients days"]:
    """Survival at `task.curve`.

    Raises:
        UndefinedMetric: where the model lacks a day of it.
    """
    order = np.argsort((*task.horizons_days, *task.curve_days))
    found = scores.values[:, 1:][:, order]
    if np.isnan(found).any():
        raise UndefinedMetric("this model gives no curve of survival")
    return np.clip(found, 0.0, 1.0)


def _weighted(
    name: str,
    metric: Callable[..., float],
    arrays: Arrays,
    censoring: Censoring | None,
    **settings: float | np.ndarray,
) -> Measure:
    if censoring is None:
        return Measure(name, harrell_c, _no_censoring, everywhere=False)
    statistic = partial(metric, censoring=censoring, **settings)
    return Measure(name, statistic, arrays, everywhere=False)


def _no_censoring(scores: Scores) -> tuple[np.ndarray, ...]:
    raise UndefinedMetric("no training patients to estimate censoring from")


def _ranked(scores: Scores) -> tuple[np.ndarray, ...]:
    return scores.values[:, 0], scores.target, scores.event == 1


def _at_day(scores: Scores, *, column: int) -> tuple[np.ndarray, ...]:
    """By the probability of that day, or by the risk where the model gives none."""
    alive = scores.values[:, column]
    score = scores.values[:, 0] if np.isnan(alive).any() else 1.0 - alive
    return score, scores.target, scores.event == 1, scores.event == 2


def _graded(scores: Scores, *, column: int, day: float) -> tuple[np.ndarray, ...]:
    alive = scores.values[:, column]
    if np.isnan(alive).any():
        raise UndefinedMetric(f"this model gives no probability of survival at day {day:g}")
    given = against_competing(alive, scores.target, scores.event == 2, day)
    return given, scores.target, scores.event > 0


def _whole(scores: Scores, task: TaskInfo) -> tuple[np.ndarray, ...]:
    found = curves(scores, task)
    given = [
        against_competing(found[:, i], scores.target, scores.event == 2, day)
        for i, day in enumerate(task.curve)
    ]
    return np.stack(given, axis=1), scores.target, scores.event > 0


def _own(scores: Scores, *, task: TaskInfo) -> tuple[np.ndarray, ...]:
    found = curves(scores, task)
    return at_own_time(found, scores.target, scores.event == 1, np.array(task.curve))
