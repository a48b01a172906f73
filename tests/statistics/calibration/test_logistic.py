"""Intercept and slope: golden, planted, and refused where there is none."""

from inspect import unwrap

import numpy as np
import pytest
from scipy.special import expit, logit

from fusion.errors import UndefinedMetric
from fusion.statistics.binary import checked
from fusion.statistics.calibration.logistic import (
    calibration_in_the_large,
    calibration_line,
    observed_expected,
)


def planted(generator, n, intercept, slope):
    """Predictions whose truth is expit(intercept + slope logit p)."""
    p = expit(generator.normal(size=n))
    return p, generator.random(n) < expit(intercept + slope * logit(p))


def test_golden_real_external_predictions(idh_external):
    # origin: shared/golden/metrics_golden.json idh_external, probabilities held 1e-6 from 0 and 1
    line = calibration_line(*idh_external)
    assert line.slope.value == pytest.approx(0.4538316252239217, abs=1e-9)
    assert line.intercept.value == pytest.approx(-0.36716119021462407, abs=1e-9)
    large = calibration_in_the_large(*idh_external).value
    assert large == pytest.approx(-0.1322602759326193, abs=1e-9)
    oe = observed_expected(*idh_external).value
    assert oe == pytest.approx(0.9614403927354814, abs=1e-14)


def test_planted_miscalibration_is_recovered():
    p, target = planted(np.random.default_rng(0), 40_000, 0.3, 0.6)
    line = calibration_line(p, target)
    assert line.intercept.value == pytest.approx(0.3, abs=0.04)  # 3 standard errors
    assert line.slope.value == pytest.approx(0.6, abs=0.04)
    p, target = planted(np.random.default_rng(1), 40_000, -0.5, 1.0)
    assert calibration_in_the_large(p, target).value == pytest.approx(-0.5, abs=0.04)


def test_intervals_cover_as_often_as_they_say():
    generator, inside = np.random.default_rng(2), np.zeros(4)
    for _ in range(150):
        p, target = planted(generator, 200, 0.0, 1.0)
        line = calibration_line(p, target)
        found = (line.intercept, line.slope, calibration_in_the_large(p, target))
        inside += [e.low <= truth <= e.high for e, truth in zip(found, (0, 1, 0), strict=True)] + [
            observed_expected(p, target).low <= 1 <= observed_expected(p, target).high
        ]
    assert (inside / 150 > 0.95 - 0.055).all()  # 3 binomial standard errors
    # O:E treats the mix of risks as one, which makes its interval too wide here, never too narrow


def test_a_constant_has_a_known_intercept():
    target = np.arange(10) < 3
    found = calibration_in_the_large(np.full(10, 0.6), target)
    assert found.value == pytest.approx(logit(0.3) - logit(0.6))
    assert found.high - found.value == pytest.approx(1.96 / np.sqrt(10 * 0.3 * 0.7), rel=1e-4)


def test_zero_and_one_are_held_at_the_margin():
    p, target = np.array([0.0, 1.0, 0.5, 0.5]), np.array([True, False, True, False])
    near = np.array([1e-6, 1 - 1e-6, 0.5, 0.5])
    assert calibration_line(p, target) == calibration_line(near, target)
    assert calibration_line(p, target) != calibration_line(p, target, margin=1e-3)


def test_what_has_no_value_is_refused():
    p, target = np.array([0.2, 0.3, 0.6, 0.8]), np.array([False, True, False, True])
    for function in (calibration_in_the_large, calibration_line, observed_expected):
        with pytest.raises(UndefinedMetric, match="needs both classes, found 4 positive and 0"):
            function(p, np.ones(4, dtype=bool))
        with pytest.raises(ValueError, match=r"the first is 1.8 in row 3; give probabilities"):
            function(np.array([0.2, 0.3, 0.6, 1.8]), target)
        with pytest.raises(ValueError, match="1 of 4 values are NaN"):
            function(np.array([0.2, 0.3, 0.6, np.nan]), target)
        with pytest.raises(UndefinedMetric, match="no patient"):
            function(p[:0], target[:0])
    with pytest.raises(ValueError, match="4 probabilities and 3 targets, expected one of each"):
        unwrap(checked)(p, target[:3])  # in tests the shapes in the types refuse it before
    with pytest.raises(UndefinedMetric, match=r"all 4 predictions are 0.5, a line needs two"):
        calibration_line(np.full(4, 0.5), target)
    with pytest.raises(UndefinedMetric, match="do the predictions separate the classes"):
        calibration_line(p, p > 0.5)
    with pytest.raises(UndefinedMetric, match="no event is predicted where 2 happened"):
        observed_expected(np.zeros(4), target)
