"""Metrics of rankings for many resamples at once.

Numbers of pairs are whole, so the values are those of the plain metric on the repeated
patients, bit for bit.
"""

import numpy as np
from jaxtyping import Bool, Float, Int

from fusion.metrics.check import finite
from fusion.metrics.concordance import partners
from fusion.statistics.resampled_values import Values, ratio

GEMM_LIMIT = 4000
"""Patients above which the n x n matrix of pairs costs more than sorting each resample."""


def resampled_auc(
    counts: Int[np.ndarray, "draws n"],
    score: Float[np.ndarray, " n"],
    target: Bool[np.ndarray, " n"],
) -> Values:
    """`auc` of each resample, by running sums in the order of scores: O(draws x n)."""
    order = np.argsort(finite("score", score), kind="stable")
    positive = counts[:, order] * target[order]
    negative = counts[:, order] - positive
    starts = np.flatnonzero(np.r_[True, np.diff(score[order]) > 0])
    positive = np.add.reduceat(positive, starts, axis=1)
    negative = np.add.reduceat(negative, starts, axis=1)
    doubled_below = 2 * negative.cumsum(axis=1) - negative
    above = np.einsum("bi,bi->b", positive, doubled_below) / 2
    return ratio(above, positive.sum(axis=1) * negative.sum(axis=1))


def resampled_macro_auc(
    counts: Int[np.ndarray, "draws n"],
    probabilities: Float[np.ndarray, "n k"],
    target: Int[np.ndarray, " n"],
) -> Values:
    """`macro_auc` of each resample; a class that a resample lacks is left out of its mean."""
    classes = np.unique(target)
    each = np.stack([resampled_auc(counts, probabilities[:, c], target == c) for c in classes])
    defined = np.isfinite(each)
    return ratio(np.where(defined, each, 0.0).sum(axis=0), defined.sum(axis=0))


def resampled_harrell_c(
    counts: Int[np.ndarray, "draws n"],
    risk: Float[np.ndarray, " n"],
    time_days: Float[np.ndarray, " n"],
    event: Bool[np.ndarray, " n"],
) -> Values:
    """`harrell_c` of each resample, as a product of counts with the matrix of pairs.

    Entries are 0, 1 (tied) and 2 (concordant), and sums stay below 2^24: exact in float32.
    """
    risk = finite("risk", risk)
    order, start = partners(finite("time_days", time_days), event)
    counts, risk, event = counts[:, order], risk[order], event[order]
    later = np.arange(len(risk)) >= start[event, None]
    own = risk[event, None]
    pairs = (later * (1.0 + np.sign(own - risk))).astype(np.float32)
    drawn = counts[:, event].astype(np.float64)
    doubled = np.einsum("be,be->b", counts.astype(np.float32) @ pairs.T, drawn)
    from_end = np.zeros((len(counts), len(risk) + 1))
    from_end[:, :-1] = counts[:, ::-1].cumsum(axis=1)[:, ::-1]
    comparable = np.einsum("be,be->b", from_end[:, start[event]], drawn)
    return ratio(doubled, 2 * comparable)
