"""Conformal sets: coverage as promised over many data sets, by group where promised, goldens."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fusion.errors import UndefinedMetric
from fusion.statistics.conformal import (
    aps_scores,
    conformal_threshold,
    coverage,
    lac_scores,
    prediction_sets,
    truth_scores,
)
from fusion.statistics.mondrian import mondrian_thresholds, thresholds_of

SHARED = Path(__file__).resolve().parents[2] / "../shared"
CSV = SHARED / "data/external_predictions/mri_gnp.csv"
GOLDEN = SHARED / "golden/metrics_golden.json"


def patients(generator, n, *, hard=0.5):
    """A model that is too sure of itself, as most are, and slow to name the rare class."""
    target = generator.choice(3, n, p=[0.6, 0.3, 0.1])
    center = np.where(generator.random(n) < 0.3, "B", "A")
    logits = generator.normal(size=(n, 3)) + 1.5 * np.eye(3)[target] - [0.0, 0.3, 1.0]
    logits[center == "B"] *= hard
    wrong = (center == "B") & (generator.random(n) < 0.3)
    logits[wrong] = np.roll(logits[wrong], 1, axis=1)
    odds = np.exp(3 * logits)
    return odds / odds.sum(axis=1, keepdims=True), target, center


def aps(p, seed):
    return aps_scores(p, seed=seed)


def lac(p, seed):
    return lac_scores(p)


@pytest.mark.parametrize("score", [lac, aps])
def test_coverage_is_as_promised_and_no_more(score):
    # over calibration sets it averages between 1 - alpha and 1 - alpha + 1 / (n + 1)
    alpha, n, found = 0.1, 99, []
    for seed in range(300):
        generator = np.random.default_rng(seed)
        p, target, _ = patients(generator, n + 200)
        scores = score(p, seed)
        threshold = conformal_threshold(truth_scores(scores[:n], target[:n]), alpha=alpha)
        found.append(coverage(prediction_sets(scores[n:], threshold), target[n:]).covered)
    # one run's spread is about √(.09/100 + .09/200) = .037, the mean of 300 within .0064
    assert 0.9 - 0.0064 <= np.mean(found) <= 0.9 + 0.01 + 0.0064


def test_each_class_and_each_centre_is_covered_by_its_own_threshold():
    n, by_class, by_center, plain = 600, [], [], []
    for seed in range(60):
        p, target, center = patients(np.random.default_rng(seed), 2 * n)
        scores = lac_scores(p)
        truth = truth_scores(scores[:n], target[:n])
        rare, hard = target[n:] == 2, center[n:] == "B"

        whole = prediction_sets(scores[n:], conformal_threshold(truth, alpha=0.1))
        plain.append([coverage(whole[r], target[n:][r]).covered for r in (rare, hard)])

        found = mondrian_thresholds(truth, target[:n], alpha=0.1)
        columns = np.array([[found[str(c)] for c in range(3)]])
        sets = prediction_sets(scores[n:], columns)
        by_class.append(coverage(sets[rare], target[n:][rare]).covered)

        found = mondrian_thresholds(truth, center[:n], alpha=0.1)
        sets = prediction_sets(scores[n:], thresholds_of(found, center[n:]))
        by_center.append(coverage(sets[hard], target[n:][hard]).covered)
    assert np.mean(plain, axis=0).max() < 0.88  # one threshold for all leaves them behind
    assert np.mean(by_class) == pytest.approx(0.91, abs=0.025)
    assert np.mean(by_center) == pytest.approx(0.903, abs=0.015)


def test_threshold_is_the_smallest_that_covers_the_calibration_patients_and_one_more():
    generator = np.random.default_rng(0)
    for n in (1, 5, 19, 20, 37, 100):
        scores, alpha = generator.random(n), 0.1
        needed = np.ceil((n + 1) * 0.9 - 1e-9)
        brute = min((s for s in scores if (scores <= s).sum() >= needed), default=np.inf)
        assert conformal_threshold(scores, alpha=alpha) == brute


@pytest.mark.parametrize(
    ("alpha", "threshold", "members"),
    [
        (0.2, 0.6888962904791137, [62, 78, 61]),
        (0.1, 0.7739329062642228, [88, 96, 83]),
        (0.05, 0.8475680524692617, [107, 121, 103]),
    ],
)
def test_lac_equals_mapie(alpha, threshold, members):
    # origin: MAPIE 1.6.0, SplitConformalClassifier(conformity_score="lac") of a model that gives
    # these probabilities: its quantile, and how many of its sets hold each class
    generator = np.random.default_rng(11)
    p = generator.dirichlet([1, 1, 1], 300)
    target = (generator.random((300, 1)) > p.cumsum(axis=1)).sum(axis=1)
    scores = lac_scores(p)
    found = conformal_threshold(truth_scores(scores[:150], target[:150]), alpha=alpha)
    assert found == pytest.approx(threshold, abs=1e-14)
    assert prediction_sets(scores[150:], found).sum(axis=0).tolist() == members


def test_aps_scores_one_by_one():
    p = np.array([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2]])
    u = np.random.default_rng(3).random((2, 1))
    found = aps_scores(p, seed=3)
    for row in range(2):
        order = sorted(range(3), key=lambda c: -p[row, c])  # stable: of equals the first
        for rank, c in enumerate(order):
            likelier = sum(p[row, d] for d in order[:rank])
            assert found[row, c] == pytest.approx(likelier + u[row, 0] * p[row, c])


def test_aps_covers_the_hard_more_evenly_than_lac():
    worst = {}
    for name, score in (("lac", lac), ("aps", aps)):
        gaps = []
        for seed in range(30):
            p, target, _ = patients(np.random.default_rng(seed), 3000)
            scores = score(p, seed)
            threshold = conformal_threshold(truth_scores(scores[:1500], target[:1500]), alpha=0.1)
            sets, sure = prediction_sets(scores[1500:], threshold), p[1500:].max(axis=1) > 0.9
            easy = coverage(sets[sure], target[1500:][sure]).covered
            gaps.append(easy - coverage(sets[~sure], target[1500:][~sure]).covered)
        worst[name] = abs(np.mean(gaps))
    assert worst["aps"] < worst["lac"]


def test_small_groups_get_every_class():
    found = mondrian_thresholds(np.array([0.1, 0.2]), np.array(["A", "A"]), alpha=0.1)
    sets = prediction_sets(np.array([[0.9, 1.0]]), thresholds_of(found, np.array(["A"])))
    assert coverage(sets, np.array([0])).size == 2


def test_golden_of_the_external_predictions():
    if not (CSV.exists() and GOLDEN.exists()):
        pytest.skip(f"no {CSV}: the external predictions are not on this machine")
    golden = json.loads(GOLDEN.read_text())["idh_external"]["conformal_LAC"]
    table = pd.read_csv(CSV, encoding="utf-8-sig")
    table = table[(table["data_split"] == "External") & (table["task"] == "IDH")]
    named = table["prediction_probability"].to_numpy()
    p = np.where(table["prediction"] == "yes", named, 1 - named)
    target, scores = table["label"].eq("yes").to_numpy(int), lac_scores(np.stack([1 - p, p], 1))
    truth = truth_scores(scores[::2], target[::2])
    assert len(truth) == golden["n_cal"]
    # The golden value is numpy's "higher" quantile at ⌈(n + 1)(1 - alpha)⌉ / n. Numpy counts n - 1
    # steps, and so it lands on the 868th smallest score where the promise asks for the 867th.
    ordered = np.sort(truth)
    assert np.quantile(truth, 867 / 962, method="higher") == ordered[867]
    assert ordered[867] == pytest.approx(golden["qhat"], abs=1e-12)
    assert conformal_threshold(truth, alpha=0.1) == ordered[866] == pytest.approx(0.811)
    found = coverage(prediction_sets(scores[1::2], float(ordered[867])), target[1::2])
    assert found.covered == pytest.approx(golden["coverage"], abs=1e-12)
    assert found.size == pytest.approx(golden["mean_size"], abs=1e-12)


def test_refusals():
    with pytest.raises(ValueError, match=r"alpha 1.0: expected between 0 and 1"):
        conformal_threshold(np.array([0.1]), alpha=1.0)
    with pytest.raises(UndefinedMetric, match="scores: no patient"):
        conformal_threshold(np.array([]), alpha=0.1)
    with pytest.raises(ValueError, match="scores: 1 of 2 values are NaN"):
        conformal_threshold(np.array([0.1, np.nan]), alpha=0.1)
    with pytest.raises(
        UndefinedMetric, match=r"no calibration patient in \['C'\], only in \['A'\]"
    ):
        thresholds_of({"A": 0.1}, np.array(["A", "C"]))
    with pytest.raises(ValueError, match="classes run from 0 to 2, expected 0 to 1"):
        truth_scores(np.zeros((2, 2)), np.array([0, 2]))
    with pytest.raises(UndefinedMetric, match="coverage: no patient"):
        coverage(np.zeros((0, 2), dtype=bool), np.zeros(0, dtype=int))
