"""Intensities against the IBSI's reference values and scipy."""

import numpy as np
import pytest
from scipy import stats

from fusion.errors import UndefinedMetric
from fusion.lesions.intensity import intensity_features

# of the digital phantom: IBSI reference manual (arXiv 1612.07003), tables of section 3.3, given
# to three digits and without a tolerance there
REFERENCE = {
    "stat.mean": 2.15,
    "stat.var": 3.05,
    "stat.skew": 1.08,
    "stat.kurt": -0.355,
    "stat.median": 1,
    "stat.min": 1,
    "stat.p10": 1,
    "stat.p90": 4,
    "stat.max": 6,
    "stat.iqr": 3,
    "stat.range": 5,
    "stat.mad": 1.55,
    "stat.rmad": 1.11,
    "stat.medad": 1.15,
    "stat.cov": 0.812,
    "stat.qcod": 0.6,
    "stat.energy": 567,
    "stat.rms": 2.77,
}


def test_digital_phantom_of_the_ibsi(phantom):
    found = intensity_features(phantom.image, phantom.mask)
    assert found.keys() == REFERENCE.keys()
    for name, value in REFERENCE.items():
        assert float(f"{found[name]:.3g}") == value, name


def test_moments_are_those_of_scipy():
    rng = np.random.default_rng(0)
    image, mask = rng.gamma(2.0, size=(8, 8, 8)), rng.random((8, 8, 8)) < 0.5
    found = intensity_features(image, mask)
    assert found["stat.skew"] == pytest.approx(stats.skew(image[mask]))
    assert found["stat.kurt"] == pytest.approx(stats.kurtosis(image[mask]))


def test_what_lies_outside_does_not_matter():
    rng = np.random.default_rng(1)
    image, mask = rng.normal(size=(5, 5, 5)), rng.random((5, 5, 5)) < 0.5
    junk = np.where(mask, image, np.nan)
    assert intensity_features(junk, mask) == intensity_features(image, mask)


def test_equal_voxels_have_no_spread_and_zero_no_coefficient():
    found = intensity_features(np.zeros((2, 2, 2)), np.ones((2, 2, 2), dtype=bool))
    assert found["stat.skew"] == found["stat.kurt"] == found["stat.var"] == 0
    assert not {"stat.cov", "stat.qcod"} & found.keys()


def test_bad_input_is_refused():
    image, mask = np.zeros((2, 2, 2)), np.ones((2, 2, 2), dtype=bool)
    with pytest.raises(UndefinedMetric, match="the mask is empty"):
        intensity_features(image, ~mask)
    with pytest.raises(ValueError, match="bring both to one grid"):
        intensity_features(image, mask[:1])
    image[0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="1 voxels within the mask are not finite"):
        intensity_features(image, mask)
