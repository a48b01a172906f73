"""Resample the patients of several folds together, each fold keeping its own metric."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Int

from fusion.statistics.draws import Arrays, drawn_counts, resampler


def fold_draws(
    statistic: Callable[..., float],
    folds: Sequence[tuple[Arrays, Int[np.ndarray, " _"]]],
    *,
    patients: int,
    draws: int,
    seed: int,
) -> Float[np.ndarray, "draws folds"]:
    """A statistic in each fold, in each resample of all patients.

    The resampling is one for all folds and models: a patient whom several repetitions test is
    drawn as often in each. Pairs are formed within the fold, since models of different folds are
    on scales of their own.

    Args:
        statistic: as in `bootstrap`.
        folds: for each, what the statistic takes, and which of all patients its rows are.
        patients: of all folds.
        draws: resamples.
        seed: of them.

    Returns:
        NaN where the statistic is undefined.

    Source: Efron and Tibshirani 1993.

    Example:
        >>> from fusion.metrics.auc import auc
        >>> arrays = [np.array([0.1, 0.4, 0.3]), np.array([False, True, False])]
        >>> found = fold_draws(auc, [(arrays, np.arange(3))], patients=3, draws=50, seed=0)
        >>> np.unique(found[~np.isnan(found)]).tolist()
        [1.0]
    """
    values = [(resampler(statistic, arrays), rows) for arrays, rows in folds]
    resamples = drawn_counts(patients, draws, seed, None)
    return np.concatenate(
        [np.stack([v(counts[:, rows]) for v, rows in values], axis=1) for counts in resamples]
    )


def drawn_folds(folds: int, draws: int, seed: int) -> Int[np.ndarray, "draws folds"]:
    """How often each fold is drawn, where its model is one of many that might have been trained.

    Source: Owen 2007 (rows and columns drawn independently: a little too wide, never too narrow).

    Example:
        >>> drawn_folds(3, 2, 0).sum(axis=1).tolist()
        [3, 3]
    """
    generator = np.random.default_rng([seed, folds])
    return generator.multinomial(folds, np.full(folds, 1 / folds), size=draws)


def fold_mean(
    values: Float[np.ndarray, "draws folds"], weights: Float[np.ndarray, "draws folds"]
) -> Float[np.ndarray, " draws"]:
    """Weighted mean over those folds that have a value; NaN where none has.

    Example:
        >>> fold_mean(np.array([[1.0, 3.0], [1.0, np.nan]]), np.ones((2, 2))).tolist()
        [2.0, 1.0]
    """
    known = np.isfinite(values)
    total = np.where(known, weights, 0.0).sum(axis=1)
    summed = np.where(known, np.where(known, values, 0.0) * weights, 0.0).sum(axis=1)
    out = np.full(len(values), np.nan)
    return np.divide(summed, total, out=out, where=total > 0)
