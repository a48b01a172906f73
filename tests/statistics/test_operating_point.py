"""A threshold counts what it should, with intervals that keep their word."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from sklearn.metrics import roc_curve

from fusion.errors import UndefinedMetric
from fusion.statistics.operating_point import at_threshold
from fusion.statistics.threshold import threshold_at_sensitivity, threshold_youden

SCORE = np.array([0.1, 0.2, 0.2, 0.5, 0.5, 0.7, 0.9])
TARGET = np.array([False, False, True, False, True, True, True])


def test_a_score_at_the_threshold_is_positive():
    point = at_threshold(SCORE, TARGET, threshold=0.5)
    assert (point.true_positives, point.false_negatives) == (3, 1)
    assert (point.true_negatives, point.false_positives) == (2, 1)
    assert (point.sensitivity.value, point.specificity.value) == (3 / 4, 2 / 3)


def test_clopper_pearson_inverts_the_binomial_test():
    found = at_threshold(SCORE, TARGET, threshold=0.5, level=0.9).sensitivity
    assert binom.sf(2, 4, found.low) == pytest.approx(0.05)
    assert binom.cdf(3, 4, found.high) == pytest.approx(0.05)


def test_wilson_inverts_the_score_test():
    found = at_threshold(SCORE, TARGET, threshold=0.5, interval="wilson").sensitivity
    for limit in (found.low, found.high):
        z = (0.75 - limit) / np.sqrt(limit * (1 - limit) / 4)
        assert abs(z) == pytest.approx(1.959963984540054)


@pytest.mark.parametrize("interval", ["wilson", "clopper-pearson"])
def test_balanced_accuracy_covers_as_often_as_it_says(interval):
    generator, inside, widths = np.random.default_rng(3), 0, []
    target = np.arange(90) < 30
    for _ in range(300):
        called = np.where(target, generator.random(90) < 0.85, generator.random(90) < 0.3)
        found = at_threshold(called.astype(float), target, threshold=0.5, interval=interval)
        middle = found.balanced_accuracy
        assert middle.value == (found.sensitivity.value + found.specificity.value) / 2
        inside += middle.low <= 0.775 <= middle.high
        widths.append(middle.high - middle.low)
    # three binomial errors of 0.0126 below; Clopper and Pearson's limits cover more than they say
    assert inside / 300 >= 0.95 - 0.038
    if interval == "wilson":
        assert inside / 300 <= 0.95 + 0.038
        # near the delta method's: 2 z √(.85 · .15 / 30 + .7 · .3 / 60) / 2
        assert np.mean(widths) == pytest.approx(1.96 * np.sqrt(0.00425 + 0.0035), rel=0.05)


def test_balanced_accuracy_keeps_its_interval_where_all_are_right():
    point = at_threshold(np.arange(20.0), np.arange(20) > 9, threshold=10.0)
    assert (point.balanced_accuracy.value, point.balanced_accuracy.high) == (1.0, 1.0)
    # both limits are at 1 - .025^(1/10) below; the mean's lies √2 nearer
    below = 1 - 0.025 ** (1 / 10)
    assert point.balanced_accuracy.low == pytest.approx(1 - below / np.sqrt(2))


def test_all_found_still_has_an_interval():
    found = at_threshold(SCORE, TARGET, threshold=0.0).sensitivity
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.025 ** (1 / 4))  # the rule of three's exact form


rows = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=25).filter(
    lambda rows: len({target for _, target in rows}) == 2
)


@settings(max_examples=100, deadline=None)
@given(rows, st.sampled_from([0.3, 0.5, 0.8, 1.0]))
def test_chosen_thresholds_are_the_best_of_all(rows, wanted):
    score = np.array([s for s, _ in rows], dtype=float)
    target = np.array([t for _, t in rows])
    points = {t: at_threshold(score, target, threshold=t) for t in np.unique(score)}
    youden = {t: p.sensitivity.value + p.specificity.value for t, p in points.items()}
    best = max(youden.values())
    assert threshold_youden(score, target) == max(t for t in youden if youden[t] > best - 1e-9)
    enough = [t for t, p in points.items() if p.sensitivity.value >= wanted]
    assert threshold_at_sensitivity(score, target, sensitivity=wanted) == max(enough)


def test_youden_equals_scikit_learn():
    generator = np.random.default_rng(0)
    target = generator.random(300) < 0.4
    score = generator.normal(size=300) + target
    false_positive, true_positive, thresholds = roc_curve(target, score)
    best = thresholds[np.argmax(true_positive - false_positive)]
    assert threshold_youden(score, target) == best


def test_a_threshold_chosen_on_the_patients_it_is_judged_on_flatters_itself():
    generator = np.random.default_rng(0)
    own, others = [], []
    for _ in range(200):
        score, target = generator.normal(size=(2, 60)), generator.random((2, 60)) < 0.5
        threshold = threshold_youden(score[0], target[0])
        for found, s, t in zip((own, others), score, target, strict=True):
            point = at_threshold(s, t, threshold=threshold)
            found.append(point.sensitivity.value + point.specificity.value - 1)
    assert np.mean(others) == pytest.approx(0.0, abs=0.03)  # noise: 3 errors of 0.13 / √200
    assert np.mean(own) > 0.1


def test_what_has_no_value_is_refused():
    for function in (
        lambda: at_threshold(SCORE, TARGET | True, threshold=0.5),
        lambda: threshold_youden(SCORE, TARGET | True),
    ):
        with pytest.raises(UndefinedMetric, match="needs both classes, found 7 positive and 0"):
            function()
    with pytest.raises(ValueError, match=r"sensitivity 0.0: expected above 0 and up to 1"):
        threshold_at_sensitivity(SCORE, TARGET, sensitivity=0.0)
    with pytest.raises(ValueError, match=r"level 1.0: expected between 0 and 1"):
        at_threshold(SCORE, TARGET, threshold=0.5, level=1.0)
