"""Means of losses for many resamples at once; sums of fractions, so the last digits may differ."""

import numpy as np
from jaxtyping import Bool, Float, Int

from fusion.metrics.brier import brier_losses, brier_survival_losses
from fusion.metrics.censoring import Censoring
from fusion.statistics.resampled_values import Values


def resampled_brier(
    counts: Int[np.ndarray, "draws n"],
    probabilities: Float[np.ndarray, "n k"],
    target: Int[np.ndarray, " n"],
) -> Values:
    """`brier` of each resample."""
    return resampled_mean(counts, brier_losses(probabilities, target))


def resampled_brier_survival(
    counts: Int[np.ndarray, "draws n"],
    survival: Float[np.ndarray, " n"],
    time_days: Float[np.ndarray, " n"],
    event: Bool[np.ndarray, " n"],
    *,
    horizon_days: float,
    censoring: Censoring,
) -> Values:
    """`brier_survival` of each resample; censoring stays that of the training patients."""
    losses = brier_survival_losses(
        survival, time_days, event, horizon_days=horizon_days, censoring=censoring
    )
    return resampled_mean(counts, losses)


def resampled_mean(counts: Int[np.ndarray, "draws n"], losses: Float[np.ndarray, " n"]) -> Values:
    """Mean loss of each resample, row by row, so that chunks do not change it."""
    return np.einsum("bi,i->b", counts, losses) / counts.sum(axis=1)
