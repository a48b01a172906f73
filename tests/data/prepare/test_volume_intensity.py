"""What a scanner's scale may not change."""

import numpy as np
import pytest

from fusion.data.prepare.volume_intensity import FlatIntensity, brain_zscore, hu_window


def head(seed=0):
    rng = np.random.default_rng(seed)
    image = np.zeros((12, 12, 12), np.float32)
    image[2:10, 3:11, 2:9] = rng.normal(300, 60, (8, 8, 7))
    return image


def test_the_brain_has_mean_0_and_sd_1_and_the_background_stays_0():
    image = head()
    scaled = brain_zscore(image)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled[image != 0].mean(dtype=np.float64), 0, atol=1e-6)
    np.testing.assert_allclose(scaled[image != 0].std(dtype=np.float64), 1, atol=1e-6)
    assert not scaled[image == 0].any()


@pytest.mark.parametrize(("gain", "offset"), [(0.01, 0), (37, 0), (1, 500), (2.5, 2000)])
def test_gain_and_offset_of_the_brain_cancel(gain, offset):
    image = head()
    other = np.where(image != 0, gain * image + offset, 0).astype(np.float32)
    # float32 voxels around an offset of 2000 carry 1e-4 of an SD of 150
    np.testing.assert_allclose(brain_zscore(other), brain_zscore(image), atol=1e-5)


def test_the_amount_of_background_never_matters():
    image = head()
    larger = np.pad(image, 20)
    np.testing.assert_array_equal(brain_zscore(larger)[20:-20, 20:-20, 20:-20], brain_zscore(image))


def test_a_flat_brain_is_refused():
    with pytest.raises(FlatIntensity, match="all 8 voxels that are not 0 have the value 1; is it"):
        brain_zscore(np.pad(np.ones((2, 2, 2), np.float32), 2))


def test_hounsfield_units_are_absolute():
    """A second image never moves the first: nothing is estimated from the image."""
    image = np.linspace(-1000, 2000, 64).reshape(4, 4, 4).astype(np.float32)
    scaled = hu_window(image, -100.0, 300.0)
    assert scaled.min() == 0
    assert scaled.max() == 1
    np.testing.assert_array_equal(hu_window(image[:2], -100.0, 300.0), scaled[:2])
    np.testing.assert_allclose(scaled, ((image + 100) / 400).clip(0, 1), atol=1e-6)


def test_a_window_that_holds_nothing_is_refused():
    image = np.array([[[0.0, 900.0]]], np.float32)
    with pytest.raises(
        FlatIntensity, match=r"values from 0 to 900 lie outside .*\[1000, 2000\] HU"
    ):
        hu_window(image, 1000.0, 2000.0)
