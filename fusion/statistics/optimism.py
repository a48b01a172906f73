"""How much better a model looks on the patients it was fitted on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Shaped

from fusion.errors import UndefinedMetric
from fusion.statistics.draws import check_draws, drawn_counts

Features = Shaped[np.ndarray, "n ..."]
Targets = Sequence[Shaped[np.ndarray, "..."]]
"""What a fit and a metric take beside: the class, or day and event."""

Predict = Callable[[Shaped[np.ndarray, "m ..."]], Shaped[np.ndarray, "m ..."]]
Fit = Callable[..., Predict]
"""Takes features and targets. Everything that looks at outcomes happens inside: selection of
features, scaling, tuning. What happened outside is not corrected for."""


@dataclass(frozen=True)
class Optimism:
    """A metric before and after correction."""

    apparent: float
    """Fitted and judged on all patients."""
    optimism: float
    corrected: float
    """apparent - optimism."""
    draws: int
    undefined: int
    """Resamples that could not be fitted or judged."""


def optimism_corrected(
    fit: Fit,
    metric: Callable[..., float],
    features: Features,
    targets: Targets,
    *,
    draws: int = 200,
    seed: int,
    groups: Shaped[np.ndarray, " n"] | None = None,
) -> Optimism:
    """Internal validation: the model is fitted again on resamples, and judged there and here.

    optimism = mean over resamples of metric(fit on the resample, judged on the resample) -
    metric(the same fit, judged on all patients). No patient is spared from fitting; it says
    nothing about another hospital.

    Args:
        fit: takes features and targets of some rows, returns a prediction for given features.
        metric: takes predictions and targets; larger or smaller may be better.
        features: one row per patient, or several with `groups`.
        targets: one array or more, rows as in features.
        draws: resamples, and fits.
        seed: of the resamples.
        groups: whose each row is, where patients have several.

    Raises:
        UndefinedMetric: where the model cannot be fitted or judged on all patients, or in no
            resample.
        ValueError: where lengths differ, or draws is below 1.

    Source: Efron 1983; Harrell et al. 1996.

    Example:
        >>> x = np.arange(8.0)[:, None]
        >>> y = np.array([0.0, 1, 0, 3, 2, 5, 9, 6])
        >>> def fit(x, y):
        ...     slope, intercept = np.polyfit(x[:, 0], y, 1)
        ...     return lambda x: intercept + slope * x[:, 0]
        >>> error = lambda predicted, y: float(((predicted - y) ** 2).mean())
        >>> found = optimism_corrected(fit, error, x, [y], draws=50, seed=0)
        >>> found.optimism < 0 and found.corrected > found.apparent  # of an error
        True
    """
    rows = check_draws([features, *targets], draws, 0.5, groups)
    apparent = float(metric(fit(features, *targets)(features), *targets))
    found, undefined = [], 0
    for counts in drawn_counts(rows, draws, seed, groups):
        for row in counts:
            drawn = np.repeat(np.arange(rows), row)
            x, y = features[drawn], [t[drawn] for t in targets]
            try:
                predict = fit(x, *y)
                found.append(metric(predict(x), *y) - metric(predict(features), *targets))
            except UndefinedMetric:
                undefined += 1
    if not found:
        raise UndefinedMetric(f"optimism: the model has a value in none of {draws} resamples")
    optimism = float(np.mean(found))
    return Optimism(apparent, optimism, apparent - optimism, draws, undefined)
