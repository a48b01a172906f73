"""Changes that were planted between two visits are found again."""

import itertools

import numpy as np
import pytest

from fusion.lesions.lesion_list import numbered
from fusion.lesions.matching import match_lesions

SHAPE = (60, 12, 12)


def visit(*spans):
    """Boxes along x; each is (first, end, width across)."""
    labels = np.zeros(SHAPE, dtype=np.int64)
    for number, (first, end, width) in enumerate(spans, start=1):
        labels[first:end, :width, :width] = number
    return labels


def overlap(one, other):
    return (one & other).sum() / (one | other).sum()


def told(before, after, least=0.1):
    return [(c.state, c.before, c.after) for c in match_lesions(before, after, least)]


def test_all_states_that_were_planted():
    before = visit((0, 5, 5), (8, 12, 4), (13, 17, 4), (20, 30, 6), (35, 38, 3))
    after = visit((1, 6, 5), (8, 17, 4), (20, 25, 6), (26, 30, 6), (50, 55, 4))
    assert told(before, after) == [
        ("matched", (1,), (1,)),
        ("merged", (2, 3), (2,)),
        ("split", (4,), (3, 4)),
        ("resolved", (5,), ()),
        ("new", (), (5,)),
    ]


def test_merging_and_splitting_at_once_is_said():
    before = visit((0, 10, 4), (12, 13, 4))
    after = visit((0, 1, 4), (2, 16, 4))  # a part of the first, and the rest with the second
    assert told(before, after) == [("rearranged", (1, 2), (2, 1))]


def test_two_that_only_trade_voxels_stay_two():
    before, after = visit((0, 10, 4), (11, 20, 4)), visit((0, 7, 4), (8, 20, 4))
    assert told(before, after) == [("matched", (1,), (1,)), ("matched", (2,), (2,))]


def test_iou_is_that_of_the_definition():
    before, after = visit((0, 10, 5)), visit((4, 14, 5))
    (change,) = match_lesions(before, after, 0.1)
    assert change.iou == pytest.approx(6 / 14)
    (merged,) = match_lesions(visit((0, 4, 2), (6, 10, 2)), visit((0, 10, 2)), 0.1)
    assert merged.iou == pytest.approx(8 / 10)


def test_the_pairing_has_the_largest_sum_of_iou():
    rng = np.random.default_rng(3)
    for _ in range(20):
        before, after = (rng.integers(0, 4, size=(6, 5, 4)) for _ in range(2))
        iou = [[overlap(before == i, after == j) for j in (1, 2, 3)] for i in (1, 2, 3)]
        orders = itertools.permutations(range(3))
        best = max(sum(iou[i][j] for i, j in enumerate(order)) for order in orders)
        changes = match_lesions(before, after, 1e-6)
        pairs = [(c.before[0], c.after[0]) for c in changes if c.before and c.after]
        assert sum(iou[i - 1][j - 1] for i, j in pairs) == pytest.approx(best)


def test_the_match_is_the_one_most_alike_not_the_one_with_most_voxels_in_common():
    before, after = visit((0, 30, 2), (31, 37, 2)), visit((23, 36, 2))
    # 7 of the first and 5 of the second are in common; the IoU is 7 / 36 and 5 / 14
    assert told(before, after) == [("merged", (2, 1), (1,))]


def test_every_lesion_is_told_once_and_numbers_do_not_matter():
    rng = np.random.default_rng(1)
    before, n = numbered(rng.random(SHAPE) < 0.06)
    after, m = numbered(np.roll(before > 0, 1, axis=0) & (rng.random(SHAPE) < 0.9))
    changes = match_lesions(before, after, 0.2)
    assert sorted(i for c in changes for i in c.before) == list(range(1, n + 1))
    assert sorted(j for c in changes for j in c.after) == list(range(1, m + 1))
    order = np.concatenate([[0], 1 + rng.permutation(n)])
    again = match_lesions(order[before], after, 0.2)
    renamed = {(tuple(sorted(order[list(c.before)])), tuple(sorted(c.after))) for c in changes}
    assert renamed == {(tuple(sorted(c.before)), tuple(sorted(c.after))) for c in again}


def test_touching_a_little_is_not_enough():
    before, after = visit((0, 20, 5)), visit((19, 40, 5))
    assert [state for state, *_ in told(before, after, 0.1)] == ["resolved", "new"]
    assert [state for state, *_ in told(before, after, 0.05)] == ["matched"]


def test_visits_without_lesions():
    none = np.zeros(SHAPE, dtype=np.int64)
    assert told(none, none) == []
    assert told(none, visit((0, 3, 3))) == [("new", (), (1,))]
    assert told(visit((0, 3, 3)), none) == [("resolved", (1,), ())]


def test_other_grids_and_shares_are_refused():
    with pytest.raises(ValueError, match="register the second visit to the first"):
        match_lesions(np.zeros((2, 2, 2), dtype=np.int64), np.zeros((2, 2, 3), dtype=np.int64), 0.1)
    for share in (0.0, 1.5, float("nan")):
        with pytest.raises(ValueError, match="expected a share above 0 and up to 1"):
            match_lesions(visit(), visit(), share)
