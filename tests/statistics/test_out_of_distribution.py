"""Distance from training: formulas, planted outliers, and an honest p."""

import numpy as np
import pytest

from fusion.errors import UndefinedMetric
from fusion.metrics.auc import auc
from fusion.statistics.out_of_distribution import (
    Mahalanobis,
    fit_mahalanobis,
    fit_neighbours,
    outlier_p,
)


def clouds(seed, n=300, dim=8):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 2, n)
    mixing = np.random.default_rng(99).normal(size=(dim, dim))
    return generator.normal(size=(n, dim)) @ mixing + 10.0 * labels[:, None], labels


def test_mahalanobis_from_its_definition():
    train, labels = clouds(0)
    found, x = fit_mahalanobis(train, labels), clouds(1)[0][:5]
    for row, value in zip(x, found(x), strict=True):
        away = [row - train[labels == c].mean(axis=0) for c in (0, 1)]
        assert value == pytest.approx(min(np.sqrt(a @ found.precision @ a) for a in away))


def test_precision_nears_that_of_the_spread_within_classes():
    generator = np.random.default_rng(0)
    spread = np.array([[2.0, 0.8], [0.8, 1.0]])
    labels = generator.integers(0, 3, 20_000)
    train = generator.multivariate_normal([0, 0], spread, 20_000) + 30.0 * labels[:, None]
    assert fit_mahalanobis(train, labels).precision == pytest.approx(
        np.linalg.inv(spread), abs=0.05
    )


@pytest.mark.parametrize("fit", [fit_mahalanobis, lambda x, _: fit_neighbours(x, k=5)])
def test_planted_outliers_are_farther(fit):
    found = fit(*clouds(0))
    inside, outside = clouds(1)[0], clouds(2)[0] * np.array([1, 1, 1, 1, 1, 1, 1, -1.0])
    scores = np.concatenate([found(inside), found(outside)])
    assert auc(scores, np.arange(600) >= 300) > 0.75


def test_more_dimensions_than_patients_can_be_fitted():
    train = np.random.default_rng(0).normal(size=(20, 100))
    found = fit_mahalanobis(train, np.zeros(20, dtype=int))
    assert np.isfinite(found(train)).all()


def test_neighbours_from_their_definition():
    generator = np.random.default_rng(0)
    train, x = generator.normal(size=(30, 4)), generator.normal(size=(6, 4))

    def unit(v):
        return v / np.linalg.norm(v)

    found = fit_neighbours(train, k=3)(x)
    for row, value in zip(x, found, strict=True):
        distances = sorted(np.linalg.norm(unit(row) - unit(other)) for other in train)
        assert value == pytest.approx(distances[2])


def test_p_is_at_most_alpha_as_often_as_alpha():
    generator = np.random.default_rng(0)
    small = [
        outlier_p(generator.normal(size=39), generator.normal(size=1))[0] <= 0.1
        for _ in range(2000)
    ]
    assert np.mean(small) == pytest.approx(0.1, abs=0.02)  # three standard errors of .0067


def test_refusals():
    ones = np.ones((4, 2))
    with pytest.raises(UndefinedMetric, match="4 training patients in 4 classes"):
        fit_mahalanobis(np.eye(4), np.arange(4))
    with pytest.raises(UndefinedMetric, match="there is no spread"):
        fit_mahalanobis(ones, np.zeros(4, dtype=int))
    with pytest.raises(ValueError, match="embeddings: 1 of 8 values are NaN"):
        fit_mahalanobis(np.where(np.arange(8).reshape(4, 2) == 3, np.nan, 1.0), np.arange(4) // 2)
    with pytest.raises(ValueError, match="embeddings: 1 of 2 values"):
        Mahalanobis(np.zeros((1, 2)), np.eye(2))(np.array([[1.0, np.inf]]))
    with pytest.raises(UndefinedMetric, match="k is 5, expected 1 to the 4"):
        fit_neighbours(ones, k=5)
    with pytest.raises(ValueError, match="row 0 is all zero and has no direction"):
        fit_neighbours(np.zeros((4, 2)), k=1)
    with pytest.raises(UndefinedMetric, match="calibration: no patient"):
        outlier_p(np.array([]), np.array([1.0]))
