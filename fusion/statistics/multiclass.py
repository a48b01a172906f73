"""How well each class is told from the rest, and each pair of classes from each other."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from jaxtyping import Float, Int

from fusion.metrics.auc import auc
from fusion.metrics.check import two_or_more


def class_aucs(
    probabilities: Float[np.ndarray, "n k"], target: Int[np.ndarray, " n"]
) -> Mapping[int, float]:
    """One against the rest: the AUC of each class; `macro_auc` is their mean.

    Hangs on how common the other classes are: against a rest that is mostly far away from a class
    it is easily high. Classes that do not occur are absent.

    Args:
        probabilities: one column per class.
        target: class index, 0 to k - 1.

    Raises:
        UndefinedMetric: where fewer than two classes occur.
        ValueError: for a class out of range.

    Source: Provost and Domingos 2001.

    Example:
        >>> p = np.array([[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.4, 0.5, 0.1], [0.2, 0.3, 0.5]])
        >>> class_aucs(p, np.array([0, 1, 2, 2]))
        {0: 1.0, 1: 0.8333333333333334, 2: 0.625}
    """
    counts = two_or_more("AUC", target, probabilities.shape[1])
    occurring = np.flatnonzero(counts).tolist()
    return {c: auc(probabilities[:, c], target == c) for c in occurring}


def hand_till(probabilities: Float[np.ndarray, "n k"], target: Int[np.ndarray, " n"]) -> float:
    """M: `pair_aucs` averaged over all pairs of classes that occur.

    Insensitive to how common the classes are. With two classes whose probabilities add up to 1
    it is the plain AUC.

    Args:
        probabilities: one column per class.
        target: class index, 0 to k - 1.

    Raises:
        UndefinedMetric: where fewer than two classes occur.
        ValueError: for a class out of range.

    Source: Hand and Till 2001.

    Example:
        >>> p = np.array([[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.4, 0.5, 0.1], [0.2, 0.3, 0.5]])
        >>> hand_till(p, np.array([0, 1, 1, 2]))
        1.0
    """
    return float(np.mean(list(pair_aucs(probabilities, target).values())))


def pair_aucs(
    probabilities: Float[np.ndarray, "n k"], target: Int[np.ndarray, " n"]
) -> Mapping[tuple[int, int], float]:
    """A(i, j) for i < j: the AUC between the patients of two classes; low pairs are confused.

    Of the patients of classes i and j only: the mean of how well the probability of i tells i
    from j, and that of j tells j from i. 0.5 is chance. Pairs of which a class does not occur
    are absent.

    Args:
        probabilities: one column per class.
        target: class index, 0 to k - 1.

    Raises:
        UndefinedMetric: where fewer than two classes occur.
        ValueError: for a class out of range.

    Source: Hand and Till 2001.

    Example:
        >>> p = np.array([[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.4, 0.5, 0.1], [0.2, 0.3, 0.5]])
        >>> pair_aucs(p, np.array([0, 1, 1, 1]))
        {(0, 1): 1.0}
    """
    counts = two_or_more("Hand and Till's M", target, probabilities.shape[1])
    occurring = np.flatnonzero(counts).tolist()
    return {(i, j): _between(probabilities, target, i, j) for i, j in combinations(occurring, 2)}


def _between(
    probabilities: Float[np.ndarray, "n k"], target: Int[np.ndarray, " n"], i: int, j: int
) -> float:
    rows = (target == i) | (target == j)
    p, is_i = probabilities[rows], target[rows] == i
    return (auc(p[:, i], is_i) + auc(p[:, j], ~is_i)) / 2
