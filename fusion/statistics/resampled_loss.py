"""Means of losses for many resamples at once; sums of fractions, so the last digits may differ."""

import numpy as np
from jaxtyping import Bool, Float, Int

from fusion.metrics.brier import brier_losses, brier_survival_losses
from fusion.metrics.censoring import Censoring
from fusion.metrics.integrated_brier import integrated_brier_losses
from fusion.statistics.resampled_values import Counts, Resampled, Values


def resampled_brier(
    probabilities: Float[np.ndarray, "n k"], target: Int[np.ndarray, " n"]
) -> Resampled:
    """`brier`."""
    return _mean(brier_losses(probabilities, target))


def resampled_brier_survival(
    survival: Float[np.ndarray, " n"],
    time_days: Float[np.ndarray, " n"],
    event: Bool[np.ndarray, " n"],
    *,
    horizon_days: float,
    censoring: Censoring,
) -> Resampled:
    """`brier_survival`; censoring stays that of the training patients."""
    return _mean(
        brier_survival_losses(
            survival, time_days, event, horizon_days=horizon_days, censoring=censoring
        )
    )


def resampled_integrated_brier(
    survival: Float[np.ndarray, "n days"],
    time_days: Float[np.ndarray, " n"],
    event: Bool[np.ndarray, " n"],
    *,
    days: Float[np.ndarray, " days"],
    censoring: Censoring,
) -> Resampled:
    """`integrated_brier`; censoring stays that of the training patients."""
    return _mean(
        integrated_brier_losses(survival, time_days, event, days=days, censoring=censoring)
    )


def _mean(losses: Float[np.ndarray, " n"]) -> Resampled:
    """Row by row, so that chunks of resamples do not change it."""

    def values(counts: Counts) -> Values:
        return np.einsum("bi,i->b", counts, losses) / counts.sum(axis=1)

    return values
