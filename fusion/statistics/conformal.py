"""Sets of classes that hold the true one as often as promised, whatever the model is worth.

Score every class, take the threshold from patients that were not trained on, keep the classes
below it. The promise is over patients exchangeable with those of the calibration: it says nothing
of a hospital that is not among them.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from fusion.errors import UndefinedMetric
from fusion.metrics.check import class_counts, finite


def lac_scores(probabilities: Float[np.ndarray, "n k"]) -> Float[np.ndarray, "n k"]:
    """1 - p: the smallest sets on average, which may be empty.

    Source: Sadinle, Lei and Wasserman 2019.

    Example:
        >>> lac_scores(np.array([[0.75, 0.25]]))
        array([[0.25, 0.75]])
    """
    return 1.0 - finite("probabilities", probabilities)


def aps_scores(probabilities: Float[np.ndarray, "n k"], *, seed: int) -> Float[np.ndarray, "n k"]:
    """Probability of all likelier classes, plus a random share of the class's own.

    E = Σ p of likelier classes + u p, u uniform and one for each patient. Sets grow where the
    model is unsure, so that coverage is even over easy and hard patients. The draw makes coverage
    exact; without it sets are too large.

    Args:
        probabilities: one column per class.
        seed: of u. Another one for calibration than for use, else the same u return.

    Source: Romano, Sesia and Candès 2020.

    Example:
        >>> score = aps_scores(np.array([[0.75, 0.25]]), seed=0)
        >>> bool(0 <= score[0, 0] <= 0.75 <= score[0, 1] <= 1)
        True
    """
    p = finite("probabilities", probabilities)
    order = np.argsort(-p, axis=1, kind="stable")
    likelier = np.empty_like(p)
    ordered = np.take_along_axis(p, order, axis=1)
    np.put_along_axis(likelier, order, ordered.cumsum(axis=1) - ordered, axis=1)
    return likelier + np.random.default_rng(seed).random((len(p), 1)) * p


def truth_scores(
    scores: Float[np.ndarray, "n k"], target: Int[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """The score of each patient's true class.

    Example:
        >>> truth_scores(np.array([[0.25, 0.75]]), np.array([1]))
        array([0.75])
    """
    class_counts(target, scores.shape[1])
    return np.take_along_axis(scores, target[:, None], axis=1)[:, 0]


def conformal_threshold(scores: Float[np.ndarray, " n"], *, alpha: float) -> float:
    """The score that a new patient stays at or below with probability 1 - alpha at least.

    The ⌈(n + 1)(1 - alpha)⌉-th smallest of the calibration scores; infinity, and so the set of all
    classes, where n is too small for the promise.

    Args:
        scores: of the true class, of patients that the model was not trained or chosen on.
        alpha: share of patients whose set may miss the truth, between 0 and 1.

    Raises:
        UndefinedMetric: without patients.
        ValueError: for an alpha out of range, a score that is NaN or infinite.

    Source: Vovk et al. 2005; Papadopoulos et al. 2002 (split).

    Example:
        >>> conformal_threshold(np.arange(1.0, 10.0), alpha=0.1)
        9.0
        >>> conformal_threshold(np.arange(1.0, 9.0), alpha=0.1)
        inf
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha {alpha}: expected between 0 and 1")
    ordered = np.sort(finite("scores", scores))
    # (n + 1)(1 - alpha) is often whole, and then just above it in floating point
    rank = int(np.ceil((len(ordered) + 1) * (1 - alpha) - 1e-9))
    return float(ordered[rank - 1]) if rank <= len(ordered) else float("inf")


def prediction_sets(
    scores: Float[np.ndarray, "n k"], thresholds: float | Float[np.ndarray, "#n #k"]
) -> Bool[np.ndarray, "n k"]:
    """The classes at or below the threshold.

    Args:
        scores: of every class.
        thresholds: one, one per patient (n x 1), or one per class (1 x k).

    Example:
        >>> prediction_sets(np.array([[0.25, 0.75], [0.5, 0.5]]), 0.5).tolist()
        [[True, False], [True, True]]
    """
    return finite("scores", scores) <= thresholds


@dataclass(frozen=True)
class Coverage:
    """What prediction sets are worth."""

    n: int
    covered: float
    """Share of patients whose set holds the truth."""
    size: float
    """Mean number of classes."""
    single: float
    """Share of sets with one class: an answer."""
    empty: float
    """Share of sets with none: no class is plausible."""


def coverage(sets: Bool[np.ndarray, "n k"], target: Int[np.ndarray, " n"]) -> Coverage:
    """How often the sets hold the truth, and how large they are.

    Raises:
        UndefinedMetric: without patients.

    Source: Angelopoulos and Bates 2023.

    Example:
        >>> coverage(np.array([[True, False], [True, True]]), np.array([1, 1]))
        Coverage(n=2, covered=0.5, size=1.5, single=0.5, empty=0.0)
    """
    if len(target) == 0:
        raise UndefinedMetric("coverage: no patient")
    class_counts(target, sets.shape[1])
    sizes = sets.sum(axis=1)
    inside = np.take_along_axis(sets, target[:, None], axis=1)
    return Coverage(
        n=len(target),
        covered=float(inside.mean()),
        size=float(sizes.mean()),
        single=float((sizes == 1).mean()),
        empty=float((sizes == 0).mean()),
    )
