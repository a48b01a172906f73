"""What a calibration figure draws: groups, a smooth curve, and where the predictions lie."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from statsmodels.stats.proportion import proportion_confint

from fusion.errors import UndefinedMetric
from fusion.report.calibration_survival import observed_by
from fusion.report.outcome import Outcome, is_binary, outcomes
from fusion.report.scores import Scores
from fusion.report.task_scores import JUDGED, TaskScores
from fusion.statistics.calibration.smooth import calibration_curve

_PER_GROUP, _MOST_GROUPS = 12, 8
_BARS = np.linspace(0, 1, 21)
_BAND = 200
"""Resamples are costly here: a curve is fitted in each."""


def calibration_points(case: TaskScores, *, draws: int, seed: int) -> pd.DataFrame:
    """Rows `kind`: group, curve or histogram.

    Groups are of at least 12 patients alike in their prediction, or of all there are. The curve
    and the histogram are for two classes only; the curve's band is of the main model.

    Args:
        case: any task; survival needs horizons.
        draws: resamples for the band, 200 at most.
        seed: of them.
    """
    frames = []
    binary = is_binary(case.task)
    for part in JUDGED:
        for model in case.pair if binary else case.pair[:1]:
            found = case.of(model, part)
            for outcome in outcomes(case.task):
                try:
                    p = outcome.probability(found)
                except UndefinedMetric:
                    continue
                if len(p) == 0:
                    continue
                rows = list(_groups(found, outcome, p))
                if binary:
                    band = min(draws, _BAND) if model == case.main else 0
                    rows += list(_curve(found, outcome, p, band, seed))
                    rows += list(_histogram(found, outcome, p))
                name = model if binary else outcome.name
                frames.append(pd.DataFrame(rows).assign(part=part, curve=name))
    if not frames:
        return pd.DataFrame()
    table = pd.concat(frames, ignore_index=True)
    return table[["part", "curve", "kind", *table.columns.drop(["part", "curve", "kind"])]]


def _groups(
    found: Scores, outcome: Outcome, p: Float[np.ndarray, " n"]
) -> Iterator[dict[str, object]]:
    count = int(np.clip(len(p) // _PER_GROUP, 1, _MOST_GROUPS))
    for rows in np.array_split(np.argsort(p, kind="stable"), count):
        try:
            low, observed, high = _observed(found, outcome, rows)
        except UndefinedMetric:
            continue  # nobody of the group is followed up to the horizon
        yield {
            "kind": "group",
            "n": len(rows),
            "predicted": float(p[rows].mean()),
            "observed": observed,
            "low": low,
            "high": high,
        }


def _observed(
    found: Scores, outcome: Outcome, rows: Int[np.ndarray, " m"]
) -> tuple[float, float, float]:
    if outcome.horizon_days is not None:
        seen = observed_by(found.target[rows], found.event[rows] == 1, outcome.horizon_days)
        return seen.low, seen.value, seen.high
    hits = int(outcome.happened(found)[rows].sum())
    low, high = proportion_confint(hits, len(rows), method="wilson")
    return float(low), hits / len(rows), float(high)


def _curve(
    found: Scores, outcome: Outcome, p: Float[np.ndarray, " n"], draws: int, seed: int
) -> Iterator[dict[str, object]]:
    try:
        curve = calibration_curve(p, outcome.happened(found), draws=max(1, draws), seed=seed)
    except UndefinedMetric:
        return  # the table says why
    for i, x in enumerate(curve.predicted):
        row = {"kind": "curve", "n": len(p), "predicted": float(x)}
        row["observed"] = float(np.clip(curve.observed[i], 0, 1))
        if draws:
            row["low"] = float(np.clip(curve.low[i], 0, 1))
            row["high"] = float(np.clip(curve.high[i], 0, 1))
        yield row


def _histogram(
    found: Scores, outcome: Outcome, p: Float[np.ndarray, " n"]
) -> Iterator[dict[str, object]]:
    happened = outcome.happened(found)
    with_it, without = (np.histogram(p[rows], _BARS)[0] for rows in (happened, ~happened))
    for i, (a, b) in enumerate(zip(with_it, without, strict=True)):
        middle = float(_BARS[i : i + 2].mean())
        yield {
            "kind": "histogram",
            "predicted": middle,
            "n": int(a + b),
            "positive": int(a),
            "negative": int(b),
        }
