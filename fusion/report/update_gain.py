"""What a centre would gain by updating the model on its own patients."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np
from jaxtyping import Bool, Float, Int

from fusion.errors import UndefinedMetric
from fusion.report.calibration_rows import FEW
from fusion.report.measured import Measured, measure
from fusion.report.outcome import outcomes
from fusion.report.task_scores import MINIMUM, TaskScores
from fusion.statistics.bootstrap import Interval, bootstrap
from fusion.statistics.calibration.update import (
    Update,
    update_intercept,
    update_slope,
)

Probability = Float[np.ndarray, " n"]
Happened = Bool[np.ndarray, " n"]

REPEATS = 10
"""Times that each centre is cut into halves, so that no single cut decides."""

RUNGS: Mapping[str, Callable[[Probability, Happened], Update]] = {
    "intercept": update_intercept,
    "intercept and slope": update_slope,
}
"""The next steps of the ladder. The last, a new fit, needs what the model was given."""


def update_rows(case: TaskScores, *, draws: int, seed: int) -> Iterator[Measured]:
    """Change of the Brier score at each external centre; below 0 the update helps.

    The patients of a centre are cut into halves at random, those with and without the outcome
    alike; each half gets the update that the other half calls for, so that nobody is judged by an
    update that he took part in. Losses are averaged over `REPEATS` cuts. Intervals draw patients,
    not updates. `all` is over the centres that could be updated, each by itself.

    Args:
        case: a task with two classes.
        draws: resamples.
        seed: of cuts and resamples.
    """
    (outcome,) = outcomes(case.task)
    kept: dict[str, list[Probability]] = {name: [] for name in ("as it came", *RUNGS)}
    rows = []
    for place in case.centers("external"):
        found = case.of(case.main, "external", place)
        p, happened = outcome.probability(found), outcome.happened(found)
        events = int(happened.sum())
        few = FEW if min(events, len(p) - events) < MINIMUM else ""
        n = len(p)
        blank = Measured(
            case.task.name, outcome.name, case.main, "external", place, n, events, reason=few
        )
        losses, reasons = {} if few else {"as it came": (p - happened) ** 2}, {}
        for name, rung in {} if few else RUNGS.items():
            try:
                losses[name] = cross_fitted(rung, p, happened, seed=seed)
            except UndefinedMetric as error:
                reasons[name] = str(error)
        rows += list(_changes(blank, losses, reasons, draws, seed))
        if len(losses) == len(kept):
            for name, loss in losses.items():
                kept[name].append(loss)
    if len(kept["as it came"]) > 1:
        together = {name: np.concatenate(parts) for name, parts in kept.items()}
        blank = Measured(
            case.task.name,
            outcome.name,
            case.main,
            "external",
            "all",
            len(together["as it came"]),
            None,
        )
        yield from _changes(blank, together, {}, draws, seed)
    yield from rows


def cross_fitted(
    rung: Callable[[Probability, Happened], Update],
    p: Probability,
    happened: Happened,
    *,
    seed: int,
    repeats: int = REPEATS,
) -> Probability:
    """Squared error of each patient after an update fitted on others.

    Raises:
        UndefinedMetric: where the update cannot be fitted on a half.

    Example:
        >>> p, happened = np.full(80, 0.5), np.arange(80) < 20
        >>> before = ((p - happened) ** 2).mean()
        >>> round(float(cross_fitted(update_intercept, p, happened, seed=0).mean() - before), 4)
        -0.0625
    """
    generator = np.random.default_rng(seed)
    total = np.zeros(len(p))
    for _ in range(repeats):
        first = _half(happened, generator)
        for fitted, judged in ((first, ~first), (~first, first)):
            update = rung(p[fitted], happened[fitted])
            total[judged] += (update(p[judged]) - happened[judged]) ** 2
    return total / repeats


def _half(happened: Happened, generator: np.random.Generator) -> Bool[np.ndarray, " n"]:
    """Every second one of those with the outcome, and of those without, in random order."""
    chosen = np.zeros(len(happened), dtype=bool)
    for side in (happened, ~happened):
        rows: Int[np.ndarray, " m"] = generator.permutation(np.flatnonzero(side))
        chosen[rows[::2]] = True
    return chosen


def _changes(
    blank: Measured,
    losses: Mapping[str, Probability],
    reasons: Mapping[str, str],
    draws: int,
    seed: int,
) -> Iterator[Measured]:
    came = losses.get("as it came", np.zeros(0))
    yield measure(blank, "as it came", partial(_mean, came, draws, seed))
    for name in RUNGS:
        reason = blank.reason or reasons.get(name, "")
        named = Measured(**{**vars(blank), "reason": reason})
        gap = losses[name] - came if name in losses else came
        yield measure(named, name, partial(_mean, gap, draws, seed))


def _mean(values: Probability, draws: int, seed: int) -> Interval:
    return bootstrap(lambda x: float(x.mean()), [values], draws=draws, seed=seed)
