"""Are predicted probabilities what happens? Every number of it, for each group of patients."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np
from jaxtyping import Bool, Float

from fusion.errors import UndefinedMetric
from fusion.metrics.brier import brier
from fusion.report.measured import Measured, measure
from fusion.report.outcome import Outcome, is_binary, outcomes
from fusion.report.scores import Scores
from fusion.report.task_scores import JUDGED, MINIMUM, TaskScores
from fusion.statistics.bootstrap import Interval, bootstrap
from fusion.statistics.calibration.binned import (
    expected_calibration_error,
    maximum_calibration_error,
)
from fusion.statistics.calibration.logistic import (
    calibration_in_the_large,
    calibration_line,
    observed_expected,
)
from fusion.statistics.calibration.scaled_brier import scaled_brier
from fusion.statistics.calibration.smooth import smooth_errors
from fusion.statistics.calibration.spiegelhalter import spiegelhalter
from fusion.statistics.estimate import Estimate

Probability = Float[np.ndarray, " n"]
Happened = Bool[np.ndarray, " n"]

FEW = f"fewer than {MINIMUM} patients with, or without, the outcome"
"""Why a centre has no numbers."""


def calibration_rows(case: TaskScores, *, draws: int, seed: int) -> Iterator[Measured]:
    """Of the main model and the baseline on each part, and at each external centre.

    With more than two classes each class is held against all others (each grade and above against
    those below), and at the centres only the main model is.

    Args:
        case: a task with classes.
        draws: resamples, for the Brier score; other intervals are Wald's.
        seed: of them.
    """
    for part in JUDGED:
        places = ["all", *(case.centers(part) if part == "external" else [])]
        for place in places:
            both = place == "all" or is_binary(case.task)
            for model in case.pair if both else case.pair[:1]:
                found = case.of(model, part, place)
                if len(found) == 0:
                    continue
                for outcome in outcomes(case.task):
                    blank = _blank(case, outcome, model, part, place, found)
                    yield from _measures(blank, outcome, found, draws, seed)


def _blank(
    case: TaskScores, outcome: Outcome, model: str, part: str, place: str, found: Scores
) -> Measured:
    events = int(outcome.happened(found).sum())
    few = place != "all" and min(events, len(found) - events) < MINIMUM
    return Measured(
        task=case.task.name,
        outcome=outcome.name,
        model=model,
        part=part,
        group=place,
        n=len(found),
        events=events,
        reason=FEW if few else "",
    )


def _measures(
    blank: Measured, outcome: Outcome, found: Scores, draws: int, seed: int
) -> Iterator[Measured]:
    p, happened = outcome.probability(found), outcome.happened(found)
    for name, find in _PLAIN.items():
        yield measure(blank, name, partial(find, p, happened))
    smooth = ("ICI", "E50", "E90")
    try:
        errors = None if blank.reason else smooth_errors(p, happened)
        reason = blank.reason
    except UndefinedMetric as error:
        errors, reason = None, str(error)
    for name in smooth:
        if errors is None:
            yield Measured(**{**vars(blank), "measure": name, "reason": reason})
        else:
            yield measure(blank, name, partial(float, getattr(errors, name.lower())))
    yield measure(blank, "Brier", partial(_brier, p, happened, draws, seed))


def _slope(p: Probability, happened: Happened) -> Estimate:
    return calibration_line(p, happened).slope


def _spiegelhalter_p(p: Probability, happened: Happened) -> float:
    return spiegelhalter(p, happened).p


def _two_columns(p: Probability) -> Float[np.ndarray, "n 2"]:
    return np.column_stack([1 - p, p])


def _scaled_brier(p: Probability, happened: Happened) -> float:
    return scaled_brier(_two_columns(p), happened.astype(np.int64))


def _brier(p: Probability, happened: Happened, draws: int, seed: int) -> Interval:
    arrays = _two_columns(p), happened.astype(np.int64)
    return bootstrap(brier, arrays, draws=draws, seed=seed)


_PLAIN: Mapping[str, Callable[[Probability, Happened], Estimate | float]] = {
    "in the large": calibration_in_the_large,
    "slope": _slope,
    "O:E": observed_expected,
    "ECE": expected_calibration_error,
    "MCE": maximum_calibration_error,
    "scaled Brier": _scaled_brier,
    "Spiegelhalter p": _spiegelhalter_p,
}
