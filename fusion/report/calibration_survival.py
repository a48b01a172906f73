"""Do as many patients have the event by a day as was predicted?"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float
from lifelines import KaplanMeierFitter

from fusion.errors import UndefinedMetric
from fusion.report.measured import Measured, measure
from fusion.report.outcome import Outcome, outcomes
from fusion.report.scores import Scores
from fusion.report.task_scores import JUDGED, MINIMUM, TaskScores
from fusion.statistics.estimate import Estimate, wald_log

FEW = f"fewer than {MINIMUM} events by that day"
"""Why a centre has no numbers."""


@dataclass(frozen=True)
class Observed:
    """Share of patients with the event by a day, by Kaplan-Meier, and its standard error."""

    value: float
    se: float
    low: float
    high: float


def survival_calibration_rows(case: TaskScores) -> Iterator[Measured]:
    """Observed and predicted share with the event at each horizon, and their ratio.

    On each part and at each external centre, of the main model and the baseline. Intervals: of
    what is observed Greenwood's (log-log), of the ratio on the logarithm with Greenwood's error.

    Source: McLernon et al. 2023; Debray et al. 2017.
    """
    for part in JUDGED:
        for place in ["all", *(case.centers(part) if part == "external" else [])]:
            for model in case.pair:
                found = case.of(model, part, place)
                if len(found) == 0:
                    continue
                for outcome in outcomes(case.task):
                    yield from _measures(case, outcome, model, part, place, found)


def observed_by(
    time_days: Float[np.ndarray, " n"], event: Bool[np.ndarray, " n"], horizon_days: float
) -> Observed:
    """1 - Kaplan-Meier at the horizon.

    Raises:
        UndefinedMetric: where nobody is followed up to the horizon while some were event-free.

    Source: Kaplan and Meier 1958; Greenwood 1926.

    Example:
        >>> days, event = np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, False, True, False])
        >>> round(observed_by(days, event, 2.5).value, 6)
        0.25
    """
    curve = KaplanMeierFitter().fit(time_days, event)
    alive = float(curve.predict(horizon_days))
    if time_days.max() < horizon_days and alive > 0:
        raise UndefinedMetric(
            f"nobody is followed up to day {horizon_days:g}, the last until day {time_days.max():g}"
        )
    until = curve.event_table.loc[:horizon_days]
    died, at_risk = until["observed"].to_numpy(float), until["at_risk"].to_numpy(float)
    left = at_risk - died
    terms = np.divide(died, at_risk * left, out=np.zeros(len(died)), where=left > 0)
    around = curve.confidence_interval_.loc[:horizon_days].iloc[-1]
    low, high = 1 - float(around.iloc[1]), 1 - float(around.iloc[0])
    return Observed(1 - alive, alive * float(np.sqrt(terms.sum())), low, high)


def _measures(
    case: TaskScores, outcome: Outcome, model: str, part: str, place: str, found: Scores
) -> Iterator[Measured]:
    days = float(outcome.horizon_days or 0.0)
    event = found.event == 1
    blank = Measured(
        task=case.task.name,
        outcome=outcome.name,
        model=model,
        part=part,
        group=place,
        n=len(found),
        events=int((event & (found.target <= days)).sum()),
    )
    if place != "all" and (blank.events or 0) < MINIMUM:
        blank = replace(blank, reason=FEW)

    def observed() -> Estimate:
        seen = observed_by(found.target, event, days)
        return Estimate(seen.value, seen.low, seen.high)

    def predicted() -> float:
        return float(outcome.probability(found).mean())

    def ratio() -> Estimate:
        seen, expected = observed_by(found.target, event, days), predicted()
        if seen.value == 0 or expected == 0:
            raise UndefinedMetric(f"no event is {'seen' if seen.value == 0 else 'predicted'}")
        return wald_log(seen.value / expected, seen.se / seen.value, 0.95)

    yield measure(blank, "observed", observed)
    yield measure(blank, "predicted", predicted)
    yield measure(blank, "O:E", ratio)
