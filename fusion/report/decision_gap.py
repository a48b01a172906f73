"""By how much acting on one model is worth more than acting on another."""

import numpy as np
import pandas as pd

from fusion.errors import UndefinedMetric
from fusion.report.outcome import Outcome
from fusion.report.scores import Scores
from fusion.statistics.bootstrap import percentiles
from fusion.statistics.decision_curve import Benefits
from fusion.statistics.draws import drawn_counts
from fusion.statistics.net_benefit import Thresholds, gains
from fusion.statistics.net_benefit_survival import resampled_survival_benefit


def benefit_gap(
    ours: Scores,
    theirs: Scores,
    outcome: Outcome,
    thresholds: Thresholds,
    *,
    draws: int,
    seed: int,
) -> pd.DataFrame:
    """Net benefit of ours minus theirs at each threshold, both on the same resamples.

    Args:
        ours: one model's.
        theirs: the other's; row i is the same patient.
        outcome: what is acted on.
        thresholds: above 0 and below 1.
        draws: resamples.
        seed: of them.

    Returns:
        `threshold`, `gap`, `gap_low`, `gap_high`; NaN where either has no value.
    """
    a, b = (_benefits(found, outcome, thresholds) for found in (ours, theirs))
    once = np.ones((1, len(ours)), dtype=np.int64)
    value = (a(once) - b(once))[0]
    drawn = np.concatenate([a(c) - b(c) for c in drawn_counts(len(ours), draws, seed, None)])
    rows = []
    for i, threshold in enumerate(thresholds):
        try:
            low, high = percentiles(drawn[:, i], 0.95)
        except UndefinedMetric:
            low = high = np.nan
        rows.append((float(threshold), float(value[i]), low, high))
    return pd.DataFrame(rows, columns=["threshold", "gap", "gap_low", "gap_high"])


def _benefits(found: Scores, outcome: Outcome, thresholds: Thresholds) -> Benefits:
    p = outcome.probability(found)
    if outcome.horizon_days is not None:
        days, event = found.target, found.event == 1
        return resampled_survival_benefit(
            p, days, event, thresholds, horizon_days=outcome.horizon_days
        )
    each = gains(p, outcome.happened(found), thresholds)
    return lambda counts: counts @ each / counts.sum(axis=1, keepdims=True)
