"""Lesion by lesion: golden numbers of BraTS' evaluation, and each of its rules by itself."""

import numpy as np
import pytest

from fusion.metrics.lesions import GLIOMA, METASTASES, LesionRule, components, lesion_scores
from fusion.metrics.small_parts import without_small

MM = (1.0, 1.0, 1.0)


def masks(*shape):
    return np.zeros((2, *(shape or (60, 60, 60))), dtype=bool)


@pytest.fixture
def golden():
    """A lesion found but for a voxel each way, two that are missed, and a mark on nothing.

    The box of 11 x 15 against itself a voxel further along both axes: 2 * 10 * 14 of 2 * 11 * 15.
    """
    predicted, truth = masks()
    truth[5:16, 5:20, 5:11] = True
    predicted[6:17, 6:21, 5:11] = True
    truth[40:44, 40:44, 40:44] = True  # 64 mm3
    truth[40:42, 5:7, 50:52] = True  # 8 mm3
    predicted[5:7, 50:52, 50:52] = True
    return predicted, truth


@pytest.mark.parametrize(
    ("rule", "counts", "dice", "hd95"),
    [
        (GLIOMA, (1, 1, 1), 0.2828282828, 249.6666667),
        (METASTASES, (1, 2, 1), 0.2121212121, 280.75),
    ],
)
def test_the_numbers_of_brats(golden, rule, counts, dice, hd95):
    """As the evaluation code of BraTS 2023 gave for masks with these lesions (to its digits)."""
    score = lesion_scores(*golden, MM, rule)
    assert (score.found, score.missed, score.false) == counts
    assert score.dices[0] == pytest.approx(28 / 33)
    assert score.distances_mm == (1.0, *([374.0] * counts[1]))
    assert score.dice == pytest.approx(dice, abs=1e-9)
    assert score.hausdorff_mm == pytest.approx(hd95, abs=1e-6)
    assert score.sensitivity == counts[0] / (counts[0] + counts[1])


@pytest.mark.parametrize(("gap", "lesions"), [(1, 1), (6, 1), (7, 2)])
def test_lesions_that_merge_when_grown_count_once(gap, lesions):
    """Each grows by three voxels: six between them are bridged, seven are not."""
    predicted, truth = masks()
    truth[5:10, 10:15, 10:15] = True
    truth[10 + gap : 15 + gap, 10:15, 10:15] = True
    score = lesion_scores(truth, truth, MM, GLIOMA)
    assert (score.found, score.dice, score.hausdorff_mm) == (lesions, 1.0, 0.0)
    assert lesion_scores(predicted, truth, MM, GLIOMA).missed == lesions


@pytest.mark.parametrize(("offset", "lesions"), [((11, 11, 0), 1), ((11, 11, 11), 2)])
def test_lesions_grow_by_faces_and_edges_but_not_by_corners(offset, lesions):
    """Six voxels apart along two axes they are one, along three they are not."""
    _, truth = masks()
    for start in ((5, 5, 5), tuple(5 + n for n in offset)):
        truth[tuple(slice(n, n + 5) for n in start)] = True
    assert lesion_scores(truth, truth, MM, GLIOMA).lesions == lesions


def test_parts_of_one_lesion_are_compared_with_it_together():
    """Two marks on one lesion are no false mark, and together they are it."""
    predicted, truth = masks()
    truth[5:17, 5:10, 5:10] = predicted[5:17, 5:10, 5:10] = True
    predicted[11] = False
    score = lesion_scores(predicted, truth, MM, GLIOMA)
    assert (score.found, score.false) == (1, 0)
    assert score.dice == pytest.approx(2 * 11 / 23)


@pytest.mark.parametrize(("voxels", "rule", "counted"), [
    ((5, 5, 2), GLIOMA, 0), ((5, 5, 3), GLIOMA, 1),
    ((2, 1, 1), METASTASES, 0), ((3, 1, 1), METASTASES, 1),
])  # fmt: skip
def test_lesions_up_to_the_limit_are_left_out(voxels, rule, counted):
    """50 and 2 mm3 are too small, found or not; what marks them is not false."""
    predicted, truth = masks()
    truth[tuple(slice(10, 10 + n) for n in voxels)] = True
    assert lesion_scores(predicted, truth, MM, rule).missed == counted
    score = lesion_scores(truth, truth, MM, rule)
    assert (score.found, score.missed, score.false) == (counted, 0, 0)
    assert (score.dice, score.hausdorff_mm) == (1.0, 0.0)


def test_the_limit_is_in_cubic_millimetres():
    predicted, truth = masks()
    truth[10:14, 10:14, 10:14] = True
    assert lesion_scores(predicted, truth, MM, GLIOMA).missed == 1
    assert lesion_scores(predicted, truth, (0.5, 0.5, 0.5), GLIOMA).lesions == 0


def test_false_marks_count_whatever_their_size():
    """A rule for the truth only: one voxel that is nowhere costs as much as a missed lesion."""
    predicted, truth = masks()
    truth[5:15, 5:15, 5:15] = predicted[5:15, 5:15, 5:15] = True
    for n in range(3):
        predicted[40, 40, 10 * n] = True
    for rule in (GLIOMA, METASTASES):
        score = lesion_scores(predicted, truth, MM, rule)
        assert (score.found, score.false) == (1, 3)
        assert score.dice == 0.25
        assert score.hausdorff_mm == 0.75 * 374


def test_nothing_at_all_and_nothing_but_false_marks():
    predicted, truth = masks()
    score = lesion_scores(predicted, truth, MM, GLIOMA)
    assert (score.dice, score.hausdorff_mm, score.sensitivity) == (1.0, 0.0, None)
    predicted[3, 3, 3] = True
    score = lesion_scores(predicted, truth, MM, GLIOMA)
    assert (score.dice, score.hausdorff_mm, score.sensitivity) == (0.0, 374.0, None)


@pytest.mark.parametrize(("corner", "parts"), [((2, 2, 2), 1), ((2, 2, 3), 2)])
def test_voxels_that_touch_by_a_corner_are_one(corner, parts):
    mask = np.zeros((5, 5, 5), bool)
    mask[1, 1, 1] = mask[corner] = True
    assert components(mask)[1] == parts


def test_against_a_loop():
    """Random blobs, without growing: which touch, by sets of voxels."""
    rng = np.random.default_rng(1)
    for _ in range(5):
        predicted, truth = rng.random((2, 12, 12, 12)) < 0.04
        rule = LesionRule(grow=0, least_mm3=0.0)
        score = lesion_scores(predicted, truth, MM, rule)
        its, mine = (
            [
                {tuple(v) for v in np.argwhere(m == n + 1)}
                for m, c in [components(x)]
                for n in range(c)
            ]
            for x in (truth, predicted)
        )
        touching = [[p for p in mine if p & t] for t in its]
        assert score.found == sum(bool(p) for p in touching)
        assert score.missed == sum(not p for p in touching)
        assert score.false == sum(not any(p & t for t in its) for p in mine)
        dices = [
            2 * len(set().union(*p) & t) / (len(set().union(*p)) + len(t)) if p else 0.0
            for p, t in zip(touching, its, strict=True)
        ]
        assert sorted(score.dices) == pytest.approx(sorted(dices))


def test_small_parts_go_and_others_stay_as_they_are():
    mask = np.zeros((8, 8, 8), bool)
    mask[0, 0, 0] = mask[1, 1, 1] = True  # two by a corner
    mask[5:8, 5, 5] = True
    assert (without_small(mask, 0.0) == mask).all()
    assert (without_small(mask, 2.0) == mask).all()
    assert np.argwhere(without_small(mask, 2.5)).tolist() == [[5, 5, 5], [6, 5, 5], [7, 5, 5]]
    assert not without_small(mask, 4.0).any()
    assert not without_small(mask & False, 0.0).any()
