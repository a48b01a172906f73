"""Spiegelhalter's z and the scaled Brier score."""

import numpy as np
import pytest
from scipy.stats import kstest

from fusion.errors import UndefinedMetric
from fusion.statistics.calibration.scaled_brier import scaled_brier
from fusion.statistics.calibration.spiegelhalter import spiegelhalter


def test_golden_real_external_predictions(idh_external):
    # origin: shared/golden/metrics_golden.json idh_external
    p, target = idh_external
    assert spiegelhalter(p, target).z == pytest.approx(10.030046594653571, abs=1e-10)
    scaled = scaled_brier(np.stack([1 - p, p], axis=1), target.astype(int))
    assert scaled == pytest.approx(0.32840837953291324, abs=1e-12)


def test_true_probabilities_give_a_standard_normal():
    generator = np.random.default_rng(0)
    p = generator.random((1000, 200))
    z = [spiegelhalter(row, generator.random(200) < row).z for row in p]
    assert kstest(z, "norm").pvalue > 0.01
    assert np.mean(np.abs(z) > 1.96) == pytest.approx(0.05, abs=0.021)  # 3 standard errors


def test_overconfidence_is_above_zero():
    generator = np.random.default_rng(1)
    p = generator.random(500)
    happened = generator.random(500) < p
    extreme = np.clip(2 * (p - 0.5) + 0.5, 0.02, 0.98)
    assert spiegelhalter(extreme, happened).z > 3
    assert spiegelhalter(0.5 + (p - 0.5) / 4, happened).z < -3


def test_prevalence_scores_zero_and_truth_one():
    target = np.array([0, 1, 2, 2, 1, 2])
    shares = np.bincount(target) / 6
    assert scaled_brier(np.tile(shares, (6, 1)), target) == pytest.approx(0)
    assert scaled_brier(np.eye(3)[target], target) == 1.0
    assert scaled_brier(np.eye(3)[(target + 1) % 3], target) < -1


def test_what_has_no_value_is_refused():
    with pytest.raises(UndefinedMetric, match=r"all 3 predictions are 0, 0.5 or 1"):
        spiegelhalter(np.array([0, 0.5, 1]), np.array([False, True, True]))
    with pytest.raises(UndefinedMetric, match="Brier score needs two classes, found 1 among 2"):
        scaled_brier(np.full((2, 2), 0.5), np.ones(2, dtype=int))
    with pytest.raises(UndefinedMetric, match=r"needs two classes, found 0 among 0 patients"):
        scaled_brier(np.full((0, 2), 0.5), np.ones(0, dtype=int))
