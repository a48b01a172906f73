"""Bins are cut as declared: right-closed, equal in width or in mass."""

from itertools import pairwise

import numpy as np
import pytest

from fusion.errors import UndefinedMetric
from fusion.statistics.calibration.binned import (
    adaptive_calibration_error,
    calibration_bins,
    equal_mass,
    equal_width,
    expected_calibration_error,
    maximum_calibration_error,
)


def test_golden_real_external_predictions(idh_external):
    # origin: shared/golden/metrics_golden.json idh_external
    p, target = idh_external
    ece = expected_calibration_error(p, target)
    assert ece == pytest.approx(0.07854654186167444, abs=1e-14)
    assert ece == pytest.approx(0.07844253770150819, abs=1e-3)  # netcal: other ties at the edges
    mce = maximum_calibration_error(p, target)
    assert mce == pytest.approx(0.17299056603773566, abs=1e-14)
    ace = adaptive_calibration_error(p, target)
    assert ace == pytest.approx(0.06946905876235049, abs=1e-14)


def test_equals_netcal():
    # origin: netcal 1.4.0, ECE(10) and MCE(10) on these; none lies on an edge
    generator = np.random.default_rng(11)
    p = generator.random(400)
    target = generator.random(400) < p**1.5
    assert expected_calibration_error(p, target) == pytest.approx(0.09492110621277479, abs=1e-14)
    assert maximum_calibration_error(p, target) == pytest.approx(0.22260532006835085, abs=1e-14)


def sample(seed, n=150):
    generator = np.random.default_rng(seed)
    p = generator.random(n).round(1 + seed % 3)
    return p, generator.random(n) < p**2


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("bins", [1, 4, 10])
def test_equal_to_a_loop_over_bins(seed, bins):
    p, target = sample(seed)
    for edges, error in (
        (equal_width(bins), expected_calibration_error),
        (equal_mass(p, bins), adaptive_calibration_error),
    ):
        total = 0.0
        for k, (low, high) in enumerate(pairwise(edges)):
            inside = (p > low) & (p <= high) | (p == edges[0]) & (k == 0)
            if inside.any():
                total += inside.mean() * abs(target[inside].mean() - p[inside].mean())
        assert error(p, target, bins=bins) == pytest.approx(total, abs=1e-14)


def test_an_edge_belongs_to_the_left():
    found = calibration_bins(
        np.array([0.0, 0.5, 0.50001]), np.array([True, False, True]), edges=equal_width(2)
    )
    assert found.count.tolist() == [2, 1]
    assert found.observed.tolist() == [0.5, 1.0]


def test_empty_bins_do_not_count():
    p, target = np.array([0.05, 0.95]), np.array([False, True])
    assert calibration_bins(p, target, edges=equal_width(10)).count.tolist() == [1, 1]
    assert expected_calibration_error(p, target) == pytest.approx(0.05)


def test_one_bin_is_the_error_in_the_large():
    p, target = sample(0)
    for error in (
        expected_calibration_error,
        maximum_calibration_error,
        adaptive_calibration_error,
    ):
        assert error(p, target, bins=1) == pytest.approx(abs(p.mean() - target.mean()))


def test_all_equal_predictions_are_one_bin():
    p, target = np.full(4, 0.5), np.array([True, True, True, False])
    assert adaptive_calibration_error(p, target) == 0.25


def test_what_has_no_value_is_refused():
    p, target = sample(0)
    with pytest.raises(ValueError, match="bins 0: expected 1 or more"):
        expected_calibration_error(p, target, bins=0)
    with pytest.raises(ValueError, match=r"do not fit into bins from 0.4 to 0.6"):
        calibration_bins(p, target, edges=np.array([0.4, 0.6]))
    with pytest.raises(UndefinedMetric, match="no patient"):
        adaptive_calibration_error(p[:0], target[:0])
    with pytest.raises(ValueError, match="give probabilities, not scores"):
        maximum_calibration_error(p * 3, target)
