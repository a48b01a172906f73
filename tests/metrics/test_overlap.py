"""Dice against its definition, and what it is where there is nothing."""

import numpy as np
import pytest

from fusion.metrics.overlap import dice, same_shape


def test_it_is_what_f1_says_of_voxels():
    """Twice the true positives over all positives of both: 2 TP / (2 TP + FP + FN)."""
    rng = np.random.default_rng(0)
    for share in (0.01, 0.3, 0.9):
        predicted, truth = rng.random((2, 7, 8, 9)) < share
        true = sum(bool(p and t) for p, t in zip(predicted.flat, truth.flat, strict=True))
        wrong = sum(bool(p != t) for p, t in zip(predicted.flat, truth.flat, strict=True))
        assert dice(predicted, truth) == 2 * true / (2 * true + wrong)
        assert dice(predicted, truth) == dice(truth, predicted)


def test_nothing_found_where_nothing_is_is_right():
    nothing, one = np.zeros((3, 3, 3), bool), np.eye(3, dtype=bool)[None].repeat(3, 0)
    assert dice(nothing, nothing) == 1.0
    assert dice(one, nothing) == dice(nothing, one) == 0.0


def test_masks_of_other_grids_are_refused():
    with pytest.raises(ValueError, match=r"a mask of \(2, 2\) voxels against one of \(2, 3\)"):
        same_shape(np.ones((2, 2), bool), np.ones((2, 3), bool))
