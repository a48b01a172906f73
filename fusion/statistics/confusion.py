"""Which classes are taken for which."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from sklearn.metrics import confusion_matrix
from statsmodels.stats.proportion import proportion_confint

from fusion.errors import UndefinedMetric
from fusion.metrics.check import class_counts, finite
from fusion.statistics.estimate import Estimate, quantile


@dataclass(frozen=True)
class Confusion:
    """Truth against the likeliest class."""

    counts: Int[np.ndarray, "k k"]
    """Rows: the true class; columns: the likeliest."""
    shares: Mapping[tuple[int, int], Estimate]
    """(i, j): of the patients of class i, how many are called j. Absent where nobody is of i."""

    @property
    def worst(self) -> tuple[int, int] | None:
        """The pair (truth, answer) that is mistaken most often; None where nobody is."""
        wrong = {pair: e.value for pair, e in self.shares.items() if pair[0] != pair[1]}
        pair = max(wrong, key=lambda pair: wrong[pair])
        return pair if wrong[pair] > 0 else None


def confusion(
    probabilities: Float[np.ndarray, "n k"], target: Int[np.ndarray, " n"], *, level: float = 0.95
) -> Confusion:
    """Confusion matrix of the likeliest class, and each pair's share with Wilson's interval.

    share(i, j) = n_ij / n_i. Of equally likely classes the first is taken. The pair (i, j) is not
    the pair (j, i): taking a metastasis for a glioma is another mistake than the reverse.

    Args:
        probabilities: one column per class.
        target: class index, 0 to k - 1.
        level: of the intervals, each by itself.

    Raises:
        UndefinedMetric: without patients, or with one class only.
        ValueError: for a class or a level out of range.

    Source: Stehman 1997; Wilson 1927; by scikit-learn and statsmodels.

    Example:
        >>> p = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]])
        >>> found = confusion(p, np.array([0, 0, 1, 1]))
        >>> found.counts.tolist(), found.shares[1, 0].value, round(found.shares[1, 0].low, 3)
        ([[1, 1], [1, 1]], 0.5, 0.095)
    """
    quantile(level)
    classes = probabilities.shape[1]
    if classes < 2:
        raise UndefinedMetric(f"confusion takes two classes or more, found {classes}")
    called = finite("probabilities", probabilities).argmax(axis=1)
    sizes = class_counts(target, classes)
    counts = confusion_matrix(target, called, labels=np.arange(classes))
    shares = {}
    for i in np.flatnonzero(sizes).tolist():
        for j in range(classes):
            low, high = proportion_confint(counts[i, j], sizes[i], alpha=1 - level, method="wilson")
            shares[i, j] = Estimate(float(counts[i, j] / sizes[i]), float(low), float(high))
    return Confusion(counts, shares)
