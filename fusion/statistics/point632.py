"""The .632+ estimate of a prediction error."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Shaped

from fusion.errors import UndefinedMetric
from fusion.statistics.draws import check_draws, drawn_counts
from fusion.statistics.optimism import Features, Fit, Targets

Losses = Callable[..., Float[np.ndarray, " m"]]


@dataclass(frozen=True)
class Point632Plus:
    """A mean loss, corrected for having been fitted on the same patients."""

    value: float
    apparent: float
    """Fitted and judged on all patients."""
    left_out: float
    """Of each patient by the models that did not see him: the leave-one-out bootstrap."""
    no_information: float
    """If predictions and truth had nothing to do with each other."""
    overfitting: float
    """0 where left out is as good as apparent, 1 where it is no better than no information."""
    draws: int
    undefined: int
    """Resamples that could not be fitted."""


def point632_plus(
    fit: Fit,
    losses: Losses,
    features: Features,
    targets: Targets,
    *,
    draws: int = 200,
    seed: int,
    groups: Shaped[np.ndarray, " n"] | None = None,
) -> Point632Plus:
    """(1 - w) · apparent + w · left out, w = .632 / (1 - .368 R), R the overfitting.

    R = (left out - apparent) / (no information - apparent), left out being capped at no
    information throughout. Of a loss that each patient has: squared error, wrong or right;
    for AUC and C see `optimism_corrected`.

    Args:
        fit: takes features and targets of some rows, returns a prediction for given features.
        losses: takes predictions and targets, returns one loss per row; smaller is better.
        features: one row per patient, or several with `groups`.
        targets: one array or more, rows as in features.
        draws: resamples, and fits.
        seed: of the resamples.
        groups: whose each row is, where patients have several; they are left out whole.

    Raises:
        UndefinedMetric: where the model cannot be fitted on all patients, or a patient is in
            every resample that can be.
        ValueError: where lengths differ, or draws is below 1.

    Source: Efron and Tibshirani 1997.

    Example:
        >>> x, y = np.zeros((20, 1)), np.arange(20) % 2
        >>> memory = lambda x, y: lambda new: np.full(len(new), int(y.mean() > 0.5))
        >>> wrong = lambda predicted, y: (predicted != y).astype(float)
        >>> found = point632_plus(memory, wrong, x, [y], draws=100, seed=0)
        >>> found.apparent, found.left_out > 0.5, round(found.value, 10)
        (0.5, True, 0.5)
    """
    rows = check_draws([features, *targets], draws, 0.5, groups)
    predicted = fit(features, *targets)(features)
    apparent = float(losses(predicted, *targets).mean())
    shifts = (np.roll(np.arange(rows), s) for s in range(rows))
    no_information = float(
        np.mean([losses(predicted, *(t[s] for t in targets)).mean() for s in shifts])
    )
    total, times, undefined = np.zeros(rows), np.zeros(rows), 0
    for counts in drawn_counts(rows, draws, seed, groups):
        for row in counts:
            drawn, spared = np.repeat(np.arange(rows), row), np.flatnonzero(row == 0)
            if len(spared) == 0:
                continue
            try:
                predict = fit(features[drawn], *(t[drawn] for t in targets))
            except UndefinedMetric:
                undefined += 1
                continue
            total[spared] += losses(predict(features[spared]), *(t[spared] for t in targets))
            times[spared] += 1
    if (times == 0).any():
        raise UndefinedMetric(
            f".632+: {int((times == 0).sum())} of {rows} rows are in each of the "
            f"{draws - undefined} resamples that could be fitted; take more draws"
        )
    left_out = float((total / times).mean())
    capped = min(left_out, no_information)
    gap = no_information - apparent
    overfitting = (capped - apparent) / gap if capped > apparent and gap > 0 else 0.0
    weight = 0.632 / (1 - 0.368 * overfitting)
    value = (1 - weight) * apparent + weight * capped
    return Point632Plus(value, apparent, left_out, no_information, overfitting, draws, undefined)
