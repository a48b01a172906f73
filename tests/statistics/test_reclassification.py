"""Reclassification comes in two parts, golden and by brute force."""

import dataclasses

import numpy as np
import pytest

from fusion.errors import UndefinedMetric
from fusion.statistics.reclassification import ByOutcome, continuous_nri, idi, nri

# origin: shared/golden/golden2.json nri_idi
TARGET = np.arange(10) < 4
OLD = np.array([0.9, 0.6, 0.4, 0.3, 0.7, 0.4, 0.3, 0.2, 0.2, 0.1])
NEW = np.array([0.8, 0.7, 0.6, 0.4, 0.5, 0.3, 0.35, 0.1, 0.2, 0.05])
CUTS = np.array([0.2, 0.5])


def test_golden():
    found = nri(OLD, NEW, TARGET, cuts=CUTS)
    assert (found.events.value, found.non_events.value) == pytest.approx((0.25, 1 / 6))
    found = continuous_nri(OLD, NEW, TARGET)
    assert (found.events.value, found.non_events.value) == (0.5, 0.5)
    found = idi(OLD, NEW, TARGET)
    parts = (found.events, found.non_events)
    assert sum(p.value for p in parts) == pytest.approx(0.14166666666666677)
    errors = [(p.high - p.low) / (2 * 1.959963984540054) for p in parts]
    assert np.hypot(*errors) == pytest.approx(0.07236097782030802)


def test_parts_are_never_added_up():
    assert {f.name for f in dataclasses.fields(ByOutcome)} == {"events", "non_events"}


def test_categories_equal_counting():
    generator = np.random.default_rng(0)
    old, new = generator.random((2, 200)).round(1)
    target = generator.random(200) < 0.3
    category = [[sum(p >= c for c in CUTS) for p in x] for x in (old, new)]
    up, down = (
        np.array([f(a, b) for a, b in zip(*category, strict=True)])
        for f in (lambda a, b: b > a, lambda a, b: b < a)
    )
    found = nri(old, new, target, cuts=CUTS, level=0.9)
    plus, minus = up[target].mean(), down[target].mean()
    assert found.events.value == pytest.approx(plus - minus)
    se = np.sqrt((plus + minus - (plus - minus) ** 2) / target.sum())
    assert found.events.high - found.events.value == pytest.approx(1.6448536269514722 * se)
    assert found.non_events.value == pytest.approx(down[~target].mean() - up[~target].mean())


def test_the_same_model_moves_nobody_and_turning_around_turns_the_sign():
    for function in (lambda a, b: nri(a, b, TARGET, cuts=CUTS), lambda a, b: idi(a, b, TARGET)):
        still = function(OLD, OLD)
        assert (still.events.value, still.non_events.value) == (0, 0)
        there, back = function(OLD, NEW), function(NEW, OLD)
        assert there.events.value == pytest.approx(-back.events.value)
        assert there.non_events.low == pytest.approx(-back.non_events.high)


def test_a_useless_marker_is_covered():
    generator, inside = np.random.default_rng(0), 0
    for _ in range(300):
        old = generator.random(100)
        target = generator.random(100) < old
        new = np.clip(old + generator.normal(0, 0.05, 100), 0, 1)  # noise that both parts share
        found = idi(old, new, target).events
        inside += found.low <= 0 <= found.high
    assert inside / 300 == pytest.approx(0.95, abs=0.045)  # 3 binomial errors, clipped at 0 and 1


def test_what_has_no_value_is_refused():
    with pytest.raises(ValueError, match=r"cuts \[0.5, 0.2\]: expected ascending"):
        nri(OLD, NEW, TARGET, cuts=CUTS[::-1])
    with pytest.raises(ValueError, match=r"cuts \[\]: expected ascending"):
        nri(OLD, NEW, TARGET, cuts=CUTS[:0])
    with pytest.raises(UndefinedMetric, match="reclassification needs both classes, found 10"):
        continuous_nri(OLD, NEW, TARGET | True)
    with pytest.raises(UndefinedMetric, match="two patients of each class, found 1 events and 9"):
        idi(OLD, NEW, np.arange(10) < 1)
    with pytest.raises(ValueError, match="give probabilities, not scores"):
        idi(OLD, NEW * 2, TARGET)
