"""Balanced accuracy and kappa equal scikit-learn's."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, cohen_kappa_score

from fusion.errors import UndefinedMetric
from fusion.metrics.accuracy import balanced_accuracy, quadratic_kappa


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_equal_scikit_learn(classes):
    generator = np.random.default_rng(classes)
    p = generator.dirichlet(np.ones(classes), 200)
    target = generator.integers(0, classes, 200)
    predicted = p.argmax(axis=1)
    assert balanced_accuracy(p, target) == pytest.approx(balanced_accuracy_score(target, predicted))
    expected = cohen_kappa_score(target, predicted, weights="quadratic")
    assert quadratic_kappa(p, target) == pytest.approx(expected)


def test_a_class_that_does_not_occur_is_left_out():
    p = np.eye(3)[[0, 1, 2, 1]]
    assert balanced_accuracy(p, np.array([0, 1, 1, 1])) == pytest.approx((1 + 2 / 3) / 2)


def test_perfect_and_reversed_agreement():
    truth = np.array([0, 1, 2])
    assert quadratic_kappa(np.eye(3), truth) == 1.0
    assert quadratic_kappa(np.eye(3)[::-1].copy(), truth) == pytest.approx(-1.0)


def test_one_class_is_undefined():
    p, truth = np.eye(2)[[1, 1]], np.array([1, 1])
    with pytest.raises(
        UndefinedMetric, match="accuracy needs two classes, found 1 among 2 patients"
    ):
        balanced_accuracy(p, truth)
    with pytest.raises(UndefinedMetric, match="truth and prediction are all class 1"):
        quadratic_kappa(p, truth)


@pytest.mark.parametrize("metric", [balanced_accuracy, quadratic_kappa])
def test_bad_values_are_refused(metric):
    with pytest.raises(ValueError, match="classes run from 0 to 2, expected 0 to 1"):
        metric(np.eye(2), np.array([0, 2]))
    with pytest.raises(ValueError, match="probabilities: 1 of 4 values are NaN"):
        metric(np.array([[0.5, 0.5], [np.nan, 0.5]]), np.array([0, 1]))
