"""How far a patient is from those that the model was trained on."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from sklearn.covariance import LedoitWolf
from sklearn.neighbors import NearestNeighbors

from fusion.errors import UndefinedMetric
from fusion.metrics.check import finite


@dataclass(frozen=True)
class Mahalanobis:
    """Distance to the nearest class mean, in units of the spread within classes."""

    means: Float[np.ndarray, "classes dim"]
    precision: Float[np.ndarray, "dim dim"]

    def __call__(self, embeddings: Float[np.ndarray, "n dim"]) -> Float[np.ndarray, " n"]:
        """Larger is farther from the training patients."""
        away = finite("embeddings", embeddings)[:, None, :] - self.means
        squares = np.einsum("ncd,de,nce->nc", away, self.precision, away)
        return np.sqrt(squares.min(axis=1))


def fit_mahalanobis(
    embeddings: Float[np.ndarray, "n dim"], labels: Int[np.ndarray, " n"]
) -> Mahalanobis:
    """Class means and one covariance within classes, shrunk so that it can be inverted.

    d(x) = min over classes √((x - m_c)ᵀ S⁻¹ (x - m_c)).

    Args:
        embeddings: of training patients, what the head is given.
        labels: class of each; all zero for one cloud.

    Raises:
        UndefinedMetric: with fewer than two patients more than there are classes.
        ValueError: for a value that is not finite.

    Source: Lee et al. 2018; Ledoit and Wolf 2004 (shrinkage).

    Example:
        >>> train = np.random.default_rng(0).normal(size=(200, 2))
        >>> far = fit_mahalanobis(train, np.zeros(200, dtype=int))
        >>> far(np.array([[0.0, 0.0], [5.0, 5.0]])).round(0).tolist()
        [0.0, 7.0]
    """
    x = finite("embeddings", embeddings)
    classes, index = np.unique(labels, return_inverse=True)
    if len(x) < len(classes) + 2:
        raise UndefinedMetric(
            f"{len(x)} training patients in {len(classes)} classes: a spread takes two more "
            f"patients than classes"
        )
    means = np.stack([x[index == c].mean(axis=0) for c in range(len(classes))])
    within = LedoitWolf(assume_centered=True).fit(x - means[index])
    if not (np.diag(within.covariance_) > 0).any():
        raise UndefinedMetric("all training patients of a class are alike: there is no spread")
    return Mahalanobis(means=means, precision=np.asarray(within.precision_))


@dataclass(frozen=True)
class Neighbours:
    """Distance to the k-th nearest training patient, all brought to length 1."""

    train: Float[np.ndarray, "train dim"]
    k: int

    def __call__(self, embeddings: Float[np.ndarray, "n dim"]) -> Float[np.ndarray, " n"]:
        """Larger is farther from the training patients; 0 to 2."""
        search = NearestNeighbors(n_neighbors=self.k).fit(self.train)
        return np.asarray(search.kneighbors(_unit(embeddings))[0][:, -1])


def fit_neighbours(embeddings: Float[np.ndarray, "n dim"], *, k: int) -> Neighbours:
    """Keep the training patients; no shape of their cloud is assumed.

    Args:
        embeddings: of training patients.
        k: neighbours; 1 is ruled by single patients, a tenth of them blurs small groups.

    Raises:
        UndefinedMetric: where there are fewer than k patients.
        ValueError: for a value that is not finite, or an embedding of length 0.

    Source: Sun et al. 2022.

    Example:
        >>> near = fit_neighbours(np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0]]), k=1)
        >>> near(np.array([[5.0, 0.0], [-1.0, 0.0]])).round(3).tolist()
        [0.0, 1.414]
    """
    if not 1 <= k <= len(embeddings):
        raise UndefinedMetric(f"k is {k}, expected 1 to the {len(embeddings)} training patients")
    return Neighbours(train=_unit(embeddings), k=k)


def outlier_p(
    calibration: Float[np.ndarray, " m"], scores: Float[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """How seldom a patient like those of the calibration scores as far out.

    p = (1 + number of calibration scores at or above) / (m + 1); at most alpha with probability
    alpha where the patient is exchangeable with them.

    Args:
        calibration: scores of patients that were not trained on; those of training patients are
            too small.
        scores: of the patients in question.

    Raises:
        UndefinedMetric: without patients.

    Source: Laxhammar and Falkman 2015; Bates et al. 2023.

    Example:
        >>> outlier_p(np.array([1.0, 2.0, 3.0]), np.array([0.5, 2.5, 9.0])).tolist()
        [1.0, 0.5, 0.25]
    """
    ordered = np.sort(finite("calibration", calibration))
    above = len(ordered) - np.searchsorted(ordered, finite("scores", scores), side="left")
    return (1.0 + above) / (len(ordered) + 1)


def _unit(embeddings: Float[np.ndarray, "n dim"]) -> Float[np.ndarray, "n dim"]:
    x = finite("embeddings", embeddings)
    length = np.linalg.norm(x, axis=1, keepdims=True)
    if (length == 0).any():
        raise ValueError(
            f"embedding of row {int(np.argmax(length == 0))} is all zero and has no direction"
        )
    return x / length
