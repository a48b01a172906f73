"""The confusion matrix is scikit-learn's; the planted mistake is the worst one."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix
from statsmodels.stats.proportion import proportion_confint

from fusion.errors import UndefinedMetric
from fusion.metrics.accuracy import balanced_accuracy
from fusion.statistics.confusion import confusion


def sample(seed, n=300):
    generator = np.random.default_rng(seed)
    target = generator.choice(3, n, p=[0.5, 0.3, 0.2])
    called = np.where((target == 2) & (generator.random(n) < 0.4), 1, target)
    return np.eye(3)[called] * 0.6 + generator.random((n, 3)) * 0.3, target


def test_counts_and_shares():
    p, target = sample(0)
    found = confusion(p, target, level=0.9)
    assert (found.counts == confusion_matrix(target, p.argmax(axis=1))).all()
    share = found.shares[2, 1]
    counted = int(((target == 2) & (p.argmax(axis=1) == 1)).sum())
    limits = proportion_confint(counted, (target == 2).sum(), alpha=0.1, method="wilson")
    assert share.value == pytest.approx(counted / (target == 2).sum())
    assert (share.low, share.high) == pytest.approx(limits)
    recalls = [found.shares[c, c].value for c in range(3)]
    assert np.mean(recalls) == pytest.approx(balanced_accuracy(p, target))


def test_shares_of_a_class_add_up_to_one():
    found = confusion(*sample(1)).shares
    for i in range(3):
        assert sum(found[i, j].value for j in range(3)) == pytest.approx(1)


def test_the_planted_mistake_is_the_worst():
    assert confusion(*sample(2)).worst == (2, 1)
    target = np.arange(6) % 3
    assert confusion(np.eye(3)[target], target).worst is None


def test_a_class_without_patients_has_no_shares():
    found = confusion(np.eye(3)[[0, 2]], np.array([0, 0]))
    assert set(found.shares) == {(0, 0), (0, 1), (0, 2)}
    assert found.worst == (0, 2)


def test_refusals():
    with pytest.raises(ValueError, match="classes run from 0 to 3, expected 0 to 2"):
        confusion(np.eye(3)[[0, 1]], np.array([0, 3]))
    with pytest.raises(UndefinedMetric, match="probabilities: no patient"):
        confusion(np.zeros((0, 3)), np.zeros(0, dtype=int))
    with pytest.raises(UndefinedMetric, match="takes two classes or more, found 1"):
        confusion(np.ones((2, 1)), np.zeros(2, dtype=int))
    with pytest.raises(ValueError, match=r"level 1.0: expected between 0 and 1"):
        confusion(np.eye(3), np.arange(3), level=1.0)
