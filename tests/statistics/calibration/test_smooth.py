"""The smooth curve: golden errors, and a band around the truth."""

import numpy as np
import pytest
from scipy.special import expit, logit

from fusion.errors import UndefinedMetric
from fusion.statistics.calibration.smooth import calibration_curve, smooth_errors


def planted(seed, n, slope):
    generator = np.random.default_rng(seed)
    p = expit(1.5 * generator.normal(size=n))
    truth = expit(slope * logit(p))
    return p, generator.random(n) < truth, truth


def test_golden_real_external_predictions(idh_external):
    # origin: shared/golden/metrics_golden.json idh_external; lowess, fraction 2/3, no iterations
    found = smooth_errors(*idh_external)
    assert found.ici == pytest.approx(0.05423440997551993, abs=1e-10)
    assert found.e50 == pytest.approx(0.0324964817928835, abs=1e-10)
    assert found.e90 == pytest.approx(0.150219689339961, abs=1e-10)
    assert found.emax == pytest.approx(0.16076153854447905, abs=1e-10)


def test_planted_errors_are_recovered():
    p, target, truth = planted(0, 4000, 0.5)
    assert smooth_errors(p, target).ici == pytest.approx(np.abs(truth - p).mean(), abs=0.02)
    p, target, _ = planted(1, 4000, 1.0)
    assert smooth_errors(p, target).ici < 0.02


def test_band_holds_the_truth_point_by_point():
    inside = []
    for seed in range(12):
        p, target, _ = planted(seed, 300, 0.7)
        curve = calibration_curve(p, target, points=9, draws=60, seed=seed)
        truth = expit(0.7 * logit(curve.predicted))
        inside.append((curve.low <= truth) & (truth <= curve.high))
    # 95 % point by point, less what smoothing bends and what 60 draws miss
    assert 0.8 < np.mean(inside) <= 1


def test_the_curve_is_the_one_the_errors_are_from():
    p, target, _ = planted(0, 200, 1.0)
    curve = calibration_curve(p, target, points=400, draws=1, seed=0)
    gap = np.abs(curve.observed - curve.predicted).max()
    assert gap == pytest.approx(smooth_errors(p, target).emax, abs=2e-3)  # grid, not patients
    assert curve.undefined == 0


def test_patients_with_several_rows_are_drawn_whole():
    p, target, _ = planted(3, 60, 1.0)
    once = calibration_curve(p, target, points=5, draws=50, seed=0)
    rows = np.repeat(np.arange(60), 4)
    whole = calibration_curve(p[rows], target[rows], points=5, draws=50, seed=0, groups=rows)
    assert whole.high - whole.low == pytest.approx(once.high - once.low, rel=0.2)


def test_what_has_no_value_is_refused():
    p, target = np.array([0.2, 0.2, 0.7, 0.7]), np.array([False, True, False, True])
    with pytest.raises(UndefinedMetric, match="three different predictions, found 2 in 4 patients"):
        smooth_errors(p, target)
    with pytest.raises(UndefinedMetric, match="needs both classes, found 0 positive and 4"):
        calibration_curve(p, target & False, seed=0)
    many = np.append(np.full(97, 0.5), [0.1, 0.2, 0.9])
    with pytest.raises(UndefinedMetric, match="of 67% of the patients has no width"):
        smooth_errors(many, np.arange(100) % 2 == 0)
