"""Metrics of rankings for many resamples at once.

Numbers of pairs are whole, so the values are those of the plain metric on the repeated
patients, bit for bit.
"""

from itertools import combinations
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from fusion.metrics.check import finite
from fusion.metrics.concordance import partners
from fusion.statistics.resampled_values import Counts, Resampled, Values, ratio

GEMM_LIMIT = 4000
"""Patients above which the n x n matrix of pairs costs more than sorting each resample."""

_BLOCKS = 8
"""Of events in the order of time, so that the half of the matrix that is zero is left out."""

_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")


def resampled_auc(score: Float[np.ndarray, " n"], target: Bool[np.ndarray, " n"]) -> Resampled:
    """`auc` by running sums over sorted negatives: O(draws x n)."""
    score = finite("score", score)
    negative = np.flatnonzero(~target)[np.argsort(score[~target], kind="stable")]
    positive = np.flatnonzero(target)
    below, through = (np.searchsorted(score[negative], score[positive], side) for side in _SIDES)

    def values(counts: Counts) -> Values:
        seen = np.zeros((len(counts), len(negative) + 1), dtype=counts.dtype)
        np.cumsum(counts[:, negative], axis=1, out=seen[:, 1:])
        drawn = counts[:, positive]
        doubled = np.einsum("bi,bi->b", drawn, seen[:, below] + seen[:, through])
        return ratio(doubled / 2, drawn.sum(axis=1) * seen[:, -1])

    return values


def resampled_average_precision(
    score: Float[np.ndarray, " n"], target: Bool[np.ndarray, " n"]
) -> Resampled:
    """`average_precision` by running sums down the scores: O(draws x n).

    Sums of fractions, so the last digits may differ.
    """
    order = np.argsort(-finite("score", score), kind="stable")
    ends = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))
    positive = target[order]

    def values(counts: Counts) -> Values:
        counts = counts[:, order]
        caught = np.cumsum(counts * positive, axis=1)[:, ends]
        called = np.cumsum(counts, axis=1)[:, ends]
        precision = caught / np.maximum(called, 1)  # before the first call nothing is caught
        gain = np.diff(caught, axis=1, prepend=0)
        positives = np.where(caught[:, -1] < called[:, -1], caught[:, -1], 0)
        return ratio(np.einsum("bi,bi->b", gain, precision), positives)

    return values


def resampled_macro_auc(
    probabilities: Float[np.ndarray, "n k"], target: Int[np.ndarray, " n"]
) -> Resampled:
    """`macro_auc`; a class that a resample lacks is left out of its mean."""
    return _mean([resampled_auc(probabilities[:, c], target == c) for c in np.unique(target)])


def resampled_hand_till(
    probabilities: Float[np.ndarray, "n k"], target: Int[np.ndarray, " n"]
) -> Resampled:
    """`hand_till`; a pair of which a resample lacks a class is left out of its mean."""
    parts = []
    for pair in combinations(np.unique(target), 2):
        rows = np.flatnonzero(np.isin(target, pair))
        p, truth = probabilities[rows], target[rows]
        parts += [_of_rows(rows, resampled_auc(p[:, c], truth == c)) for c in pair]
    return _mean(parts)


def resampled_harrell_c(
    risk: Float[np.ndarray, " n"],
    time_days: Float[np.ndarray, " n"],
    event: Bool[np.ndarray, " n"],
) -> Resampled:
    """`harrell_c` as a product of counts with the matrix of pairs.

    Entries are 0, 1 (tied) and 2 (concordant), and sums stay below 2^24: exact in float32.
    """
    order, start = partners(finite("time_days", time_days), event)
    risk = finite("risk", risk)[order]
    rows = np.flatnonzero(event[order])
    start = start[rows]
    blocks = []
    for block in np.array_split(np.arange(len(rows)), min(_BLOCKS, max(1, len(rows)))):
        first = int(start[block].min(initial=len(risk)))
        later = np.arange(first, len(risk)) >= start[block, None]
        pairs = later * (1 + np.sign(risk[rows[block], None] - risk[first:]))
        blocks.append((first, block, pairs.astype(np.float32)))

    def values(counts: Counts) -> Values:
        weight = counts.T.astype(np.float32, order="C")[order]  # a row per patient: no strides
        drawn = weight[rows]
        doubled = np.zeros(len(counts))
        for first, block, pairs in blocks:
            found = pairs @ weight[first:]
            doubled += np.einsum("eb,eb->b", found, drawn[block], dtype=np.float64)
        seen = weight.cumsum(axis=0)
        later = seen[-1] - seen[start - 1]  # an event stands before its partners
        return ratio(doubled, 2 * np.einsum("eb,eb->b", later, drawn, dtype=np.float64))

    return values


def _of_rows(rows: Int[np.ndarray, " m"], part: Resampled) -> Resampled:
    return lambda counts: part(counts[:, rows])


def _mean(parts: list[Resampled]) -> Resampled:
    """Over the parts that a resample has."""

    def values(counts: Counts) -> Values:
        each = np.stack([part(counts) for part in parts])
        defined = np.isfinite(each)
        return ratio(np.where(defined, each, 0.0).sum(axis=0), defined.sum(axis=0))

    return values
