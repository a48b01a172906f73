"""Hand and Till's M is scikit-learn's, pair by pair."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from fusion.errors import UndefinedMetric
from fusion.metrics.auc import auc, macro_auc
from fusion.statistics.multiclass import class_aucs, hand_till, pair_aucs


def four_classes(seed, n=200):
    generator = np.random.default_rng(seed)
    target = generator.choice(4, n, p=[0.4, 0.3, 0.2, 0.1])
    logits = generator.normal(size=(n, 4)) + np.eye(4)[target]
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), target


@pytest.mark.parametrize("seed", range(3))
def test_equals_scikit_learn(seed):
    p, target = four_classes(seed)
    oracle = roc_auc_score(target, p, multi_class="ovo", average="macro")
    assert hand_till(p, target) == pytest.approx(oracle, abs=1e-14)


def test_one_against_the_rest_equals_scikit_learn():
    p, target = four_classes(0)
    oracle = roc_auc_score(np.eye(4)[target], p, average=None)
    assert list(class_aucs(p, target).values()) == pytest.approx(oracle, abs=1e-14)
    kept = target != 2
    found = class_aucs(p[kept], target[kept])
    assert list(found) == [0, 1, 3]
    assert np.mean(list(found.values())) == pytest.approx(macro_auc(p[kept], target[kept]))
    with pytest.raises(UndefinedMetric, match=r"AUC needs two classes, found 1 among \d+ patients"):
        class_aucs(p[target == 1], target[target == 1])


def test_two_classes_are_the_plain_auc():
    p = np.random.default_rng(0).random(50).round(2)
    target = np.arange(50) % 3 == 0
    assert hand_till(np.stack([1 - p, p], axis=1), target.astype(int)) == auc(p, target)


def test_prevalence_does_not_matter():
    p, target = four_classes(0)
    again = np.flatnonzero(target == 0)
    rows = np.concatenate([np.arange(200), again, again])
    assert hand_till(p[rows], target[rows]) == pytest.approx(hand_till(p, target), abs=1e-14)


def test_classes_that_are_confused_have_the_lowest_pair():
    p, target = four_classes(1, n=800)
    swapped = np.where(np.random.default_rng(0).random((800, 1)) < 0.5, p[:, [0, 2, 1, 3]], p)
    pairs = pair_aucs(swapped, target)
    assert min(pairs, key=pairs.get) == (1, 2)
    assert pairs[1, 2] == pytest.approx(0.5, abs=0.05)


def test_pairs_without_patients_are_absent():
    p, target = four_classes(0)
    kept = target != 2
    assert set(pair_aucs(p[kept], target[kept])) == {(0, 1), (0, 3), (1, 3)}


def test_what_has_no_value_is_refused():
    with pytest.raises(UndefinedMetric, match=r"M needs two classes, found 1 among 3 patients"):
        hand_till(np.full((3, 2), 0.5), np.ones(3, dtype=int))
    with pytest.raises(ValueError, match="expected 0 to 1"):
        hand_till(np.full((3, 2), 0.5), np.array([0, 1, 2]))
