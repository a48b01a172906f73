"""Metrics with weights for censoring, for many resamples at once.

Censoring stays that of the training patients, so a patient's weight is the same in all of them.
Sums of fractions, so the last digits may differ from the plain metric's.
"""

import numpy as np
from jaxtyping import Bool, Float

from fusion.metrics.censoring import Censoring
from fusion.metrics.check import finite
from fusion.metrics.dynamic_auc import case_weights
from fusion.metrics.uno import weighted_events
from fusion.statistics.resampled_values import Counts, Resampled, Values, ratio


def resampled_uno_c(
    risk: Float[np.ndarray, " n"],
    time_days: Float[np.ndarray, " n"],
    event: Bool[np.ndarray, " n"],
    *,
    until_days: float,
    censoring: Censoring,
) -> Resampled:
    """`uno_c` as a product of counts with the matrix of weighted pairs."""
    order, rows, start, weight = weighted_events(
        time_days, event, until_days=until_days, censoring=censoring
    )
    risk = finite("risk", risk)[order]
    later = np.arange(len(risk)) >= start[:, None]
    doubled = (later * (1 + np.sign(risk[rows, None] - risk))).astype(np.float32)

    def values(counts: Counts) -> Values:
        drawn = counts.T[order].astype(np.float32)  # a row per patient: no strides
        own = weight[:, None] * drawn[rows]
        concordant = (doubled @ drawn) * own / 2  # whole numbers, exact, before they are weighted
        seen = drawn.cumsum(axis=0, dtype=np.float64)
        comparable = (seen[-1] - seen[start - 1]) * own  # an event stands before its partners
        # down the rows, so that chunks of resamples do not change it
        return ratio(concordant.sum(axis=0), comparable.sum(axis=0))

    return values


def resampled_dynamic_auc(
    score: Float[np.ndarray, " n"],
    time_days: Float[np.ndarray, " n"],
    event: Bool[np.ndarray, " n"],
    competing: Bool[np.ndarray, " n"],
    *,
    horizon_days: float,
    censoring: Censoring,
) -> Resampled:
    """`dynamic_auc` by running sums over sorted controls: O(draws x n)."""
    case, control = case_weights(
        time_days, event, competing, horizon_days=horizon_days, censoring=censoring
    )
    score = finite("score", score)
    cases, controls = np.flatnonzero(case), np.flatnonzero(control)
    ranked = controls[np.argsort(score[controls], kind="stable")]
    below = np.searchsorted(score[ranked], score[cases], side="left")
    through = np.searchsorted(score[ranked], score[cases], side="right")

    def values(counts: Counts) -> Values:
        seen = np.zeros((len(counts), len(ranked) + 1))
        np.cumsum(counts[:, ranked] * control[ranked], axis=1, out=seen[:, 1:])
        drawn = counts[:, cases] * case[cases]
        doubled = np.einsum("bi,bi->b", drawn, seen[:, below] + seen[:, through])
        return ratio(doubled / 2, drawn.sum(axis=1) * seen[:, -1])

    return values
