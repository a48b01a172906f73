"""Agreement of the likeliest class with the truth."""

import numpy as np
from jaxtyping import Float, Int

from fusion.errors import UndefinedMetric
from fusion.metrics.check import class_counts, finite, two_or_more


def balanced_accuracy(
    probabilities: Float[np.ndarray, "n k"], target: Int[np.ndarray, " n"]
) -> float:
    """Recall of the likeliest class, averaged over the classes that occur.

    Of equally likely classes the first is taken; no threshold is tuned.

    Args:
        probabilities: one column per class.
        target: class index, 0 to k - 1.

    Raises:
        UndefinedMetric: where fewer than two classes occur.

    Source: Brodersen et al. 2010.

    Example:
        >>> p = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.2, 0.8]])
        >>> balanced_accuracy(p, np.array([0, 0, 1, 1]))
        0.75
    """
    predicted = finite("probabilities", probabilities).argmax(axis=1)
    count = two_or_more("balanced accuracy", target, probabilities.shape[1])
    right = np.bincount(target[predicted == target], minlength=len(count))
    return float(np.mean(right[count > 0] / count[count > 0]))


def quadratic_kappa(
    probabilities: Float[np.ndarray, "n k"], target: Int[np.ndarray, " n"]
) -> float:
    """Cohen's kappa of the likeliest ordered class, mistakes weighted by squared distance.

    Written as 1 - mean (a - b)² over patients / the mean over all pairs of patients.

    Args:
        probabilities: one column per class, in order.
        target: class index, 0 to k - 1.

    Raises:
        UndefinedMetric: where truth and prediction are one and the same class throughout.

    Source: Cohen 1968.

    Example:
        >>> quadratic_kappa(np.eye(3), np.array([0, 1, 1]))
        0.6666666666666667
    """
    predicted = finite("probabilities", probabilities).argmax(axis=1).astype(np.float64)
    class_counts(target, probabilities.shape[1])
    truth = target.astype(np.float64)
    chance = (predicted**2).mean() + (truth**2).mean() - 2 * predicted.mean() * truth.mean()
    if len(np.unique(np.concatenate([predicted, truth]))) == 1:
        raise UndefinedMetric(
            f"kappa needs two classes, truth and prediction are all class {int(truth[0])}"
        )
    return float(1.0 - ((predicted - truth) ** 2).mean() / chance)
