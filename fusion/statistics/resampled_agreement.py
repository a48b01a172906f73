"""Agreement with the truth for many resamples at once; sums of whole numbers are exact."""

import numpy as np
from jaxtyping import Float, Int

from fusion.metrics.check import finite
from fusion.statistics.resampled_values import Counts, Resampled, Values, ratio


def resampled_balanced_accuracy(
    probabilities: Float[np.ndarray, "n k"], target: Int[np.ndarray, " n"]
) -> Resampled:
    """`balanced_accuracy`, over the classes that occur in the resample."""
    classes = probabilities.shape[1]
    right = finite("probabilities", probabilities).argmax(axis=1) == target
    member = np.eye(classes)[target]
    both = np.concatenate([member, member * right[:, None]], axis=1)

    def values(counts: Counts) -> Values:
        drawn, hit = np.split((counts @ both).T, [classes])
        recall = np.divide(hit, drawn, out=np.zeros(drawn.shape), where=drawn > 0)
        occurring = (drawn > 0).sum(axis=0)
        return ratio(recall.sum(axis=0), np.where(occurring > 1, occurring, 0))

    return values


def resampled_quadratic_kappa(
    probabilities: Float[np.ndarray, "n k"], target: Int[np.ndarray, " n"]
) -> Resampled:
    """`quadratic_kappa`, from the means that it is written in."""
    predicted = finite("probabilities", probabilities).argmax(axis=1)
    terms = (predicted, target, predicted**2, target**2, (predicted - target) ** 2)
    columns = np.stack(terms, axis=1).astype(np.float64)

    def values(counts: Counts) -> Values:
        a, b, aa, bb, distance = (counts @ columns).T / counts.sum(axis=1)
        one_class = (aa == a**2) & (bb == b**2) & (a == b)
        out = np.full(len(counts), np.nan)
        np.divide(distance, aa + bb - 2 * a * b, out=out, where=~one_class)
        return 1.0 - out

    return values
