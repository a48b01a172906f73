"""What acting on the predictions is worth, beside acting on everybody and on nobody."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

from fusion.errors import UndefinedMetric
from fusion.report.decision_gap import benefit_gap
from fusion.report.outcome import Outcome, outcomes
from fusion.report.scores import Scores, same_patients
from fusion.report.task_scores import JUDGED, TaskScores
from fusion.statistics.decision_curve import (
    DecisionCurve,
    decision_curve,
    decision_curve_survival,
)
from fusion.statistics.net_benefit import Thresholds, interventions_avoided
from fusion.statistics.net_benefit_survival import resampled_survival_benefit

_STEPS = 24
"""Between the lowest and the highest threshold of a curve."""


def decision_table(
    case: TaskScores, thresholds: Sequence[float], *, draws: int, seed: int
) -> pd.DataFrame:
    """Net benefit at each threshold, and on a fine grid between them (`shown` is False there).

    A row per part, outcome, model and threshold, for the patients that both models predicted.
    `advantage` is over the better of acting on all and on none; `avoided`: interventions per 100
    patients, against acting on all; `gap`: of the main model over the baseline.

    Args:
        case: any task; survival needs horizons.
        thresholds: probabilities at which one would act.
        draws: resamples.
        seed: of them.
    """
    shown = np.unique(np.asarray(thresholds, dtype=np.float64))
    grid = np.unique(np.concatenate([np.linspace(shown[0], shown[-1], _STEPS), shown]))
    frames = []
    for part in JUDGED:
        for outcome in outcomes(case.task):
            found = _comparable(case, part, outcome)
            for model, mine in found.items():
                try:
                    table = _curve(mine, outcome, grid, draws, seed)
                except UndefinedMetric:
                    continue  # nobody followed up to the horizon
                table.insert(0, "model", model)
                if model == case.main and len(found) > 1:
                    theirs = found[str(case.baseline)]
                    gap = benefit_gap(mine, theirs, outcome, shown, draws=draws, seed=seed)
                    table = table.merge(gap, on="threshold", how="left")
                frames.append(table.assign(part=part, outcome=outcome.name))
    if not frames:
        return pd.DataFrame()
    table = pd.concat(frames, ignore_index=True)
    first = ["part", "outcome", "model", "threshold", "n", "events"]
    return table[[*first, *table.columns.drop(first)]].assign(shown=table["threshold"].isin(shown))


def _comparable(case: TaskScores, part: str, outcome: Outcome) -> Mapping[str, Scores]:
    """Models that give a probability, on the patients of all of them."""
    found = {}
    for model in case.pair:
        mine = case.of(model, part)
        try:
            outcome.probability(mine)
        except UndefinedMetric:
            continue
        if len(mine):
            found[model] = mine
    if len(found) > 1:
        both = same_patients(*found.values())
        found = dict(zip(found, both, strict=True))
    return {model: mine for model, mine in found.items() if len(mine)}


def _curve(
    found: Scores, outcome: Outcome, grid: Thresholds, draws: int, seed: int
) -> pd.DataFrame:
    p = outcome.probability(found)
    if outcome.horizon_days is None:
        happened = outcome.happened(found)
        curve = decision_curve(p, happened, grid, draws=draws, seed=seed)
        events = int(happened.sum())
    else:
        days, event, horizon = found.target, found.event == 1, outcome.horizon_days
        grid = grid[_followed(p, days, event, grid, horizon)]
        if len(grid) == 0:
            raise UndefinedMetric("nobody is followed up to the horizon")
        curve = decision_curve_survival(
            p, days, event, grid, horizon_days=horizon, draws=draws, seed=seed
        )
        events = int((event & (days <= horizon)).sum())
    return pd.DataFrame(_rows(curve)).assign(n=len(p), events=events)


def _followed(
    p: Float[np.ndarray, " n"],
    days: Float[np.ndarray, " n"],
    event: Bool[np.ndarray, " n"],
    grid: Thresholds,
    horizon: float,
) -> Bool[np.ndarray, " thresholds"]:
    """Where those whom the model, and whom everybody, acts on are followed up long enough."""
    once = np.ones((1, len(p)), dtype=np.int64)
    values = [
        resampled_survival_benefit(x, days, event, grid, horizon_days=horizon)(once)[0]
        for x in (p, np.ones(len(p)))
    ]
    return np.isfinite(np.stack(values)).all(axis=0)


def _rows(curve: DecisionCurve) -> Iterator[dict[str, float]]:
    avoided = interventions_avoided(curve.model.value, curve.treat_all.value, curve.thresholds)
    for i, threshold in enumerate(curve.thresholds):
        yield {
            "threshold": float(threshold),
            "net_benefit": float(curve.model.value[i]),
            "low": float(curve.model.low[i]),
            "high": float(curve.model.high[i]),
            "act_on_all": float(curve.treat_all.value[i]),
            "advantage": float(curve.advantage.value[i]),
            "advantage_low": float(curve.advantage.low[i]),
            "advantage_high": float(curve.advantage.high[i]),
            "avoided": float(avoided[i]),
        }
