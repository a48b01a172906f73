"""The FROC curve against a loop, and against MONAI's but for its last point."""

import numpy as np
import pytest
from monai.metrics import compute_froc_curve_data

from fusion.errors import UndefinedMetric
from fusion.metrics.froc import RATES, Scan, froc


def drawn(seed, ties):
    """Scans with several marks on a lesion, scans without any, and lesions that nothing marks."""
    rng = np.random.default_rng(seed)
    scans = []
    for _ in range(9):
        lesions, marks = int(rng.integers(0, 4)), int(rng.integers(0, 8))
        scores = rng.random(marks).round(1 if ties else 9).tolist()
        hits = [
            int(rng.integers(0, lesions)) if lesions and rng.random() < 0.5 else None
            for _ in range(marks)
        ]
        scans.append(Scan(scores, hits, lesions))
    return scans


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_against_a_loop(seed, ties):
    scans = drawn(seed, ties)
    curve = froc(scans)
    scores = sorted({s for scan in scans for s in scan.scores}, reverse=True)
    lesions = sum(scan.lesions for scan in scans)
    marks = [
        (n, s, h)
        for n, scan in enumerate(scans)
        for s, h in zip(scan.scores, scan.hits, strict=True)
    ]
    for point, threshold in enumerate(curve.thresholds):
        shown = [(n, h) for n, s, h in marks if s >= threshold]
        false = sum(h is None for _, h in shown)
        found = {(n, h) for n, h in shown if h is not None}
        assert curve.false_per_scan[point] == pytest.approx(false / len(scans))
        assert curve.sensitivity[point] == pytest.approx(len(found) / lesions)
    # a second mark on a lesion adds nothing and needs no point
    assert set(curve.thresholds) <= set(scores)
    assert (np.diff(curve.sensitivity) >= 0).all()
    assert (np.diff(curve.false_per_scan) >= 0).all()


@pytest.mark.parametrize("seed", range(4))
def test_against_monai_apart_from_the_lowest_threshold(seed):
    """MONAI 1.6 counts marks above each score and never the lowest; it wants no second marks."""
    scans = drawn(seed, ties=False)
    surest, false = {}, []
    for n, scan in enumerate(scans):
        for s, h in zip(scan.scores, scan.hits, strict=True):
            if h is None:
                false.append(s)
            else:
                surest[n, h] = max(s, surest.get((n, h), 0.0))
    theirs_false, theirs = compute_froc_curve_data(
        np.array(false),
        np.array([*surest.values()]),
        sum(scan.lesions for scan in scans),
        len(scans),
    )
    curve = froc(scans)
    ours = {*zip(curve.false_per_scan[:-1], curve.sensitivity[:-1], strict=True)}
    them = {*zip(map(float, theirs_false), map(float, theirs), strict=True)} - {(0.0, 0.0)}
    assert {(round(a, 9), round(b, 9)) for a, b in ours} == {
        (round(a, 9), round(b, 9)) for a, b in them
    }


def test_the_score_is_the_mean_over_six_rates_without_interpolation():
    """One false mark per scan brings the second lesion: rates below one have the first only."""
    curve = froc([Scan([0.9, 0.5, 0.4], [0, None, 1], 2)])
    assert [curve.sensitivity_at(rate) for rate in RATES] == [0.5, 0.5, 1.0, 1.0, 1.0, 1.0]
    assert curve.score == pytest.approx(5 / 6)


def test_a_rate_that_no_threshold_keeps_is_not_reached():
    curve = froc([Scan([0.9, 0.9], [None, 0], 1)])
    assert curve.sensitivity_at(0.5) == 0.0
    assert curve.sensitivity_at(1.0) == 1.0


def test_without_a_mark_nothing_is_found():
    assert froc([Scan([], [], 2)]).score == 0.0


def test_what_cannot_be():
    with pytest.raises(UndefinedMetric, match="FROC needs a lesion in one scan or more"):
        froc([Scan([0.5], [None], 0)])
    with pytest.raises(ValueError, match="2 scores for 1 marks"):
        Scan([0.1, 0.2], [None], 1)
    with pytest.raises(ValueError, match="a mark hits a lesion that is none of 1"):
        Scan([0.1], [1], 1)
