"""Percentiles of a brain brought to those of training."""

import json

import numpy as np
import pytest

from fusion.data.harmonise.nyul import PERCENTS, NyulScale, landmarks_of
from fusion.data.prepare.volume_intensity import brain_zscore
from fusion.errors import ConfigError

BOTH = np.array([True, True])


def brain(seed, shape=(12, 12, 12)):
    """Skewed intensities on a background of 0."""
    rng = np.random.default_rng(seed)
    image = rng.gamma(2.0 + seed % 3, 100, shape).astype(np.float32) + 50
    image[:3] = 0
    return image


def scale(count=5, sequences=("T1",)):
    fitted = NyulScale()
    images = [brain_zscore(brain(seed)) for seed in range(count)]
    fitted.fit(sequences, [dict.fromkeys(sequences, landmarks_of(i)) for i in images])
    return fitted


def mapped(fitted, image):
    return fitted.apply(image[None], BOTH[:1], ["T1"], {"T1": landmarks_of(image)})[0]


def test_landmarks_of_a_mapped_image_are_the_standard_ones():
    fitted = scale()
    standard = fitted.state()["standard"]["T1"]
    for seed in (2, 9):  # one of training, one that is new
        found = landmarks_of(mapped(fitted, brain_zscore(brain(seed))))
        # percentiles between two voxels, and landmarks rounded to 6 digits
        np.testing.assert_allclose(found, standard, atol=2e-3)


def test_the_standard_is_the_mean_of_landmarks_brought_to_common_ends():
    """By the definition of Nyul and Udupa, written out."""
    marks = [landmarks_of(brain_zscore(brain(seed))) for seed in range(5)]
    low, high = np.mean([m[0] for m in marks]), np.mean([m[-1] for m in marks])
    expected = [
        np.mean([low + (m[i] - m[0]) / (m[-1] - m[0]) * (high - low) for m in marks])
        for i in range(len(PERCENTS))
    ]
    np.testing.assert_allclose(scale().state()["standard"]["T1"], expected)


@pytest.mark.parametrize(("gain", "offset"), [(0.2, 0.0), (7.0, 300.0)])
def test_gain_and_offset_of_a_scanner_never_matter(gain, offset):
    """Whether the image was z-scored or not: Nyul itself is invariant."""
    fitted, image = scale(), brain(1)
    other = np.where(image != 0, gain * image + offset, 0).astype(np.float32)
    first = mapped(fitted, brain_zscore(image))
    for same in (mapped(fitted, brain_zscore(other)), mapped(fitted, other), mapped(fitted, image)):
        np.testing.assert_allclose(same, first, atol=2e-3)  # float32 and 6 digits


def test_a_changed_contrast_comes_nearer():
    fitted, image = scale(), brain(3)
    other = np.where(image != 0, image**0.7, 0).astype(np.float32)
    first, second = brain_zscore(image), brain_zscore(other)
    before = np.abs(first - second).mean()
    # the map is linear only in pieces
    assert np.abs(mapped(fitted, first) - mapped(fitted, second)).mean() < 0.2 * before


def test_order_is_kept_and_the_background_stays():
    fitted, image = scale(), brain_zscore(brain(4))
    image[5, 5, 5] = 40.0  # far beyond the 99th percentile: goes on along the last piece
    image[5, 5, 6] = -40.0
    found = mapped(fitted, image)
    np.testing.assert_array_equal(found[:3], 0)
    inside = image != 0
    order = np.argsort(image[inside])
    assert (np.diff(found[inside][order]) >= 0).all()
    assert found[5, 5, 5] > 10
    assert found[5, 5, 6] < -10


def test_few_grey_levels():
    image = np.repeat([1.0, 1.0, 1.0, 2.0, 3.0], 200).astype(np.float32).reshape(10, 10, 10)
    found = mapped(scale(), image)
    values = [np.unique(found[image == level]) for level in (1.0, 2.0, 3.0)]
    assert all(len(v) == 1 for v in values)
    assert values[0] < values[1] < values[2]


def test_only_channels_that_are_there():
    fitted = scale(sequences=("T1", "FLAIR"))
    images = np.stack([brain_zscore(brain(0)), np.full((12, 12, 12), 7.0, dtype=np.float32)])
    found = fitted.apply(
        images, np.array([True, False]), ["T1", "FLAIR"], {"T1": landmarks_of(images[0])}
    )
    assert (found[1] == 0).all()
    assert (found[0] != 0).any()


def test_state_survives_json():
    fitted, again = scale(), NyulScale()
    again.restore(json.loads(json.dumps(fitted.state())))
    image = brain_zscore(brain(8))
    np.testing.assert_array_equal(mapped(again, image), mapped(fitted, image))
    assert again.sentences("mri") == fitted.sentences("mri")
    assert (
        "percentiles of every brain are brought to those of 5 training" in again.sentences("mri")[0]
    )


def test_what_is_not_known_is_refused():
    with pytest.raises(ConfigError, match="no standard scale yet"):
        mapped(NyulScale(), brain(0))
    assert NyulScale().sentences("mri") == []
    with pytest.raises(ConfigError, match="no training patient has the sequence 'T2'"):
        NyulScale().fit(["T1", "T2"], [{"T1": landmarks_of(brain(0))}])
