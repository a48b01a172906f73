"""Agreement with the truth for many resamples at once; sums of whole numbers are exact."""

import numpy as np
from jaxtyping import Float, Int

from fusion.metrics.check import finite
from fusion.statistics.resampled_values import Values, ratio


def resampled_balanced_accuracy(
    counts: Int[np.ndarray, "draws n"],
    probabilities: Float[np.ndarray, "n k"],
    target: Int[np.ndarray, " n"],
) -> Values:
    """`balanced_accuracy` of each resample, over the classes that occur in it."""
    right = finite("probabilities", probabilities).argmax(axis=1) == target
    drawn = _per_class(counts, target, probabilities.shape[1])
    hit = _per_class(counts[:, right], target[right], probabilities.shape[1])
    recall = np.divide(hit, drawn, out=np.zeros(drawn.shape), where=drawn > 0)
    occurring = (drawn > 0).sum(axis=0)
    return ratio(recall.sum(axis=0), np.where(occurring > 1, occurring, 0))


def resampled_quadratic_kappa(
    counts: Int[np.ndarray, "draws n"],
    probabilities: Float[np.ndarray, "n k"],
    target: Int[np.ndarray, " n"],
) -> Values:
    """`quadratic_kappa` of each resample."""
    predicted = finite("probabilities", probabilities).argmax(axis=1)
    n = counts.sum(axis=1)
    sums = [x.astype(counts.dtype) for x in (predicted, target, predicted**2, target**2)]
    a, b, aa, bb = (counts @ x / n for x in sums)
    chance = aa + bb - 2 * a * b
    one_class = (aa == a**2) & (bb == b**2) & (a == b)
    distance = counts @ ((predicted - target) ** 2) / n
    out = np.full(len(counts), np.nan)
    np.divide(distance, chance, out=out, where=~one_class)
    return 1.0 - out


def _per_class(
    counts: Int[np.ndarray, "draws m"], target: Int[np.ndarray, " m"], classes: int
) -> Int[np.ndarray, "k draws"]:
    return np.stack([counts[:, target == c].sum(axis=1) for c in range(classes)])
