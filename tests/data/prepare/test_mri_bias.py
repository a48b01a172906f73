"""A bias field that was planted goes; nothing else does."""

from pathlib import Path

import numpy as np
import pytest

from fusion.data.prepare.mri_bias import bright, correct_bias
from fusion.errors import ReadError

pytest.importorskip("SimpleITK")
AFFINE = np.diag([3.0, 3.0, 3.0, 1.0])


def field(shape, strength):
    """Slow and multiplicative, from `1 - strength` to `1 + strength`."""
    x, y, z = (np.linspace(-1, 1, n) for n in shape)
    wave = 0.6 * x[:, None, None] + 0.4 * y[None, :, None] * z[None, None, :]
    return (1 + strength * wave).astype(np.float32)


def variation(image, tissue):
    return float(image[tissue].std() / image[tissue].mean())


def corrected(image, tissue, shrink=2):
    return correct_bias(image, AFFINE, tissue, shrink=shrink, path=Path("t1.nii"), patient="P-1")


def two_tissues(tissue):
    """Grey and white matter: N4 sharpens the histogram, for which it must have peaks."""
    return np.where(tissue > 0.5, 500.0, 300.0)


@pytest.mark.parametrize("shrink", [1, 2])
def test_a_planted_field_is_divided_out(head, shrink):
    """Within each tissue the coefficient of variation falls by two thirds and more."""
    clean = head(two_tissues, noise=5.0)
    brain, white = clean > 0, clean > 400
    grey = brain & ~white
    shaded = clean * field(clean.shape, 0.4)
    found = corrected(shaded, brain, shrink)
    for tissue in (white, grey):
        assert variation(shaded, tissue) > 0.08
        assert variation(found, tissue) < variation(shaded, tissue) / 3
    ratio = found[brain] / clean[brain]
    assert ratio.std() / ratio.mean() < 0.05


def test_without_a_field_hardly_anything_changes(head):
    clean = head(two_tissues, noise=5.0)
    found = corrected(clean, clean > 0)
    ratio = found[clean > 0] / clean[clean > 0]
    assert ratio.std() / ratio.mean() < 0.03
    assert not found[clean == 0].any()


def test_the_same_image_gives_the_same_bytes(head):
    shaded = head(two_tissues) * field((48, 56, 44), 0.3)
    np.testing.assert_array_equal(*(corrected(shaded, shaded > 0) for _ in range(2)))


def test_voxels_below_zero_have_no_logarithm_and_are_kept(head):
    shaded = head(two_tissues) * field((48, 56, 44), 0.3)
    brain = shaded > 0
    shaded[24, 28, 20:23] = -5, 0, -1
    found = corrected(shaded, brain)
    assert np.isfinite(found).all()
    assert (found[24, 28, [20, 22]] < 0).all()


def test_too_little_tissue_is_refused(head):
    image = head()
    tissue = np.zeros(image.shape, dtype=bool)
    tissue[24, 28, 20:30] = True
    with pytest.raises(ReadError, match=r"P-1: t1.nii: only 10 voxels of tissue .*or give n4=no"):
        corrected(image, tissue)


def test_thick_slices_are_not_thinned_out(head):
    """5 slices of 12 mm: a field is found without a slice being left out."""
    image = head(two_tissues)[..., 18:28:2] * field((48, 56, 5), 0.4)
    affine = np.diag([1.0, 1.0, 12.0, 1.0])
    found = correct_bias(image, affine, image > 0, shrink=4, path=Path("t1.nii"), patient="P-1")
    white = head(two_tissues)[..., 18:28:2] > 400
    assert variation(found, white) < variation(image, white) / 2


def test_bright_is_the_head(head):
    image = head(two_tissues) + np.abs(np.random.default_rng(0).normal(0, 5, (48, 56, 44)))
    np.testing.assert_array_equal(bright(image.astype(np.float32)), head(two_tissues) > 0)
