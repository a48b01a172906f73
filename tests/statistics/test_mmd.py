"""MMD is what its definition says; p is uniform where nothing differs, and small where it does."""

import numpy as np
import pytest
from scipy.stats import kstest
from sklearn.metrics.pairwise import rbf_kernel

from fusion.errors import UndefinedMetric
from fusion.statistics.mmd import mmd


def test_equal_to_the_definition_pair_by_pair():
    random = np.random.default_rng(0)
    x, y = random.normal(size=(7, 3)), random.normal(1, 1, (5, 3))
    both = np.concatenate([x, y])
    distances = [np.linalg.norm(a - b) for i, a in enumerate(both) for b in both[:i]]
    # the median of squares is the square of the median only for an odd count
    gamma = 1 / (2 * np.median(np.square(distances)))
    k = rbf_kernel(both, gamma=gamma)
    xx = np.mean([k[i, j] for i in range(7) for j in range(7) if i != j])
    yy = np.mean([k[i, j] for i in range(7, 12) for j in range(7, 12) if i != j])
    found = mmd(x, y, seed=0)
    assert found.value == pytest.approx(xx + yy - 2 * k[:7, 7:].mean())
    assert found.bandwidth == pytest.approx(np.sqrt(1 / (2 * gamma)))


def test_p_is_uniform_where_nothing_differs():
    """Kolmogorov-Smirnov over 100 samples: below 0.001 once in a thousand seeds."""
    p = []
    for seed in range(100):
        random = np.random.default_rng(seed)
        x, y = random.normal(size=(20, 3)), random.normal(size=(15, 3))
        p.append(mmd(x, y, permutations=99, seed=seed).p)
    assert kstest(p, "uniform").pvalue > 0.001


def test_it_is_unbiased_where_nothing_differs():
    random = np.random.default_rng(0)
    values = [
        mmd(random.normal(size=(10, 2)), random.normal(size=(10, 2)), permutations=1, seed=0).value
        for _ in range(300)
    ]
    # a standard error of the mean
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(300)


def test_other_variance_alone_is_found():
    """No difference of means would show it."""
    random = np.random.default_rng(0)
    x, y = random.normal(size=(80, 2)), random.normal(0, 3, (80, 2))
    assert mmd(x, y, seed=0).p < 0.01


def test_the_two_samples_may_change_places():
    random = np.random.default_rng(0)
    x, y = random.normal(size=(9, 2)), random.normal(size=(6, 2))
    assert mmd(x, y, seed=0).value == pytest.approx(mmd(y, x, seed=0).value)


def test_many_equal_rows_have_a_distance_and_all_equal_rows_none():
    x = np.zeros((10, 1))
    x[0] = 1
    assert mmd(x, np.zeros((10, 1)), seed=0).p > 0.5
    with pytest.raises(UndefinedMetric, match="all 20 patients are alike"):
        mmd(np.zeros((10, 1)), np.zeros((10, 1)), seed=0)
    with pytest.raises(UndefinedMetric, match="found 1 and 10"):
        mmd(x[:1], x, seed=0)
