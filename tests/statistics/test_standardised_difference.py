"""Distances of groups: against the textbook formula, and laws that need no number."""

import numpy as np
import pytest

from fusion.statistics.standardised_difference import (
    standardised_difference,
    standardised_difference_of_classes,
)


def test_of_means_is_cohens_d_of_equal_groups():
    rng = np.random.default_rng(0)
    a, b = rng.normal(0, 2, 50), rng.normal(1, 2, 50)
    pooled = np.sqrt((49 * a.var(ddof=1) + 49 * b.var(ddof=1)) / 98)
    assert standardised_difference(a, b) == pytest.approx(abs(a.mean() - b.mean()) / pooled)
    assert standardised_difference(a, b) == standardised_difference(b, a)
    assert standardised_difference(3 * a + 7, 3 * b + 7) == pytest.approx(
        standardised_difference(a, b)
    )


def test_of_two_classes_is_that_of_a_share():
    a, b = np.array(["x"] * 3 + ["y"] * 7), np.array(["x"] * 6 + ["y"] * 4)
    expected = 0.3 / np.sqrt((0.3 * 0.7 + 0.6 * 0.4) / 2)  # Austin 2009, eq. 2
    assert standardised_difference_of_classes(a, b, ["x", "y"]) == pytest.approx(expected)


def test_of_classes_does_not_depend_on_which_one_is_left_out():
    rng = np.random.default_rng(1)
    a, b = rng.choice(list("xyz"), 40, p=[0.5, 0.3, 0.2]), rng.choice(list("xyz"), 60)
    found = {standardised_difference_of_classes(a, b, order) for order in ("xyz", "yzx", "zxyw")}
    assert max(found) - min(found) < 1e-9  # rounding of a 2 x 2 solve


def test_groups_that_are_alike_and_groups_that_share_nothing():
    same = np.array(["x", "y"])
    assert standardised_difference_of_classes(same, same, ["x", "y"]) == 0
    assert standardised_difference(np.array([2.0, 2.0]), np.array([2.0, 2.0])) == 0
    apart = standardised_difference_of_classes(np.array(["x"] * 3), np.array(["y"] * 3), ["x", "y"])
    assert np.isnan(apart)  # no spread to measure it by
    assert np.isnan(standardised_difference(np.array([1.0, 1.0]), np.array([2.0, 2.0])))
    assert np.isnan(standardised_difference(np.array([1.0]), np.array([2.0, 3.0])))
    assert np.isnan(standardised_difference_of_classes(np.array([], dtype=str), same, ["x", "y"]))
