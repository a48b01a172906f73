"""One head gives one array, however its files were stored; what cannot be prepared is named."""

from pathlib import Path

import numpy as np
import pytest

from fusion.data.prepare.volumes import VolumePreparation
from fusion.data.readers.volume import VolumeFile
from fusion.errors import ConfigError, ReadError

OPTIONS = {
    "sequences": ("T1", "FLAIR"),
    "spacing_mm": (2.0, 2.0, 2.0),
    "shape": (16, 16, 16),
    "normalise": "brain_zscore",
    "hu_window": None,
    "crop": "foreground",
}
TUMOUR = (slice(20, 26), slice(8, 14), slice(30, 36))
"""Mean index (22.5, 10.5, 32.5)."""


def prepare(**options):
    return VolumePreparation(**{**OPTIONS, **options})


def head(seed=0):
    """32 x 40 x 44 voxels of 1 mm with a bright tumour off the middle."""
    image = np.zeros((32, 40, 44), np.float32)
    rng = np.random.default_rng(seed)
    image[4:28, 6:34, 8:40] = rng.normal(100, 10, (24, 28, 32))
    image[TUMOUR] += 80
    return image


def stored(image, affine=None, name="t1.nii.gz", known=True):
    affine = np.diag([1.0, 1.0, 1.0, 1.0]) if affine is None else affine
    x, y, z = (float(s) for s in np.linalg.norm(affine[:3, :3], axis=0))
    return VolumeFile(Path(name), np.ascontiguousarray(image), affine, (x, y, z), known)


def labels():
    mask = np.zeros((32, 40, 44), np.float32)
    mask[TUMOUR] = 4
    return mask


def lps(image):
    """The same head, x and y stored backwards."""
    affine = np.diag([-1.0, -1.0, 1.0, 1.0])
    affine[:2, 3] = image.shape[0] - 1, image.shape[1] - 1
    return stored(image[::-1, ::-1], affine)


def sagittal(image):
    """The same head, axes stored as y, z, x."""
    affine = np.array([[0, 0, 1, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1.0]])
    return stored(image.transpose(1, 2, 0), affine)


@pytest.mark.parametrize("turn", [lps, sagittal])
@pytest.mark.parametrize("crop", ["center", "foreground", "tumour"])
@pytest.mark.parametrize("spacing_mm", [(2.0, 2.0, 2.0), (1.5, 1.0, 3.0), None])
def test_the_storage_of_a_head_never_matters(turn, crop, spacing_mm):
    preparation = prepare(crop=crop, spacing_mm=spacing_mm)
    plain = preparation.make("P-1", {"T1": stored(head())}, stored(labels()))
    turned = preparation.make("P-1", {"T1": turn(head())}, turn(labels()))
    np.testing.assert_array_equal(turned.image, plain.image)
    np.testing.assert_array_equal(turned.mask, plain.mask)
    np.testing.assert_allclose(turned.meta["affine"], plain.meta["affine"], atol=1e-6)


def test_channels_are_in_the_configured_order_and_absent_ones_are_marked():
    t1, flair = stored(head(0)), stored(head(1), name="flair.nii.gz")
    both = prepare().make("P-1", {"FLAIR": flair, "T1": t1}, None)
    one = prepare().make("P-1", {"FLAIR": flair}, None)
    assert both.channels.tolist() == [True, True]
    assert one.channels.tolist() == [False, True]
    assert both.image.dtype == np.float16
    np.testing.assert_array_equal(one.image[1], both.image[1])
    assert not one.image[0].any()
    swapped = prepare(sequences=("FLAIR", "T1")).make("P-1", {"FLAIR": flair, "T1": t1}, None)
    np.testing.assert_array_equal(swapped.image, both.image[::-1])


@pytest.mark.parametrize(("gain", "offset"), [(3.0, 0.0), (0.25, 400.0)])
def test_gain_and_offset_of_the_scanner_never_matter(gain, offset):
    image = head()
    other = np.where(image != 0, gain * image + offset, 0).astype(np.float32)
    one, two = (prepare().make("P-1", {"T1": stored(x)}, None).image for x in (image, other))
    # float16 steps by 0.002 at 2 SD
    np.testing.assert_allclose(one, two, atol=4e-3)


def test_the_tumour_is_in_the_centre_and_noted():
    prepared = prepare(crop="tumour", spacing_mm=None).make(
        "P-1", {"T1": stored(head())}, stored(labels())
    )
    assert prepared.meta["crop"] == "tumour"
    centre = np.argwhere(prepared.mask).mean(axis=0)
    assert np.abs(centre - 7.5).max() <= 0.5
    assert set(np.unique(prepared.mask)) == {0, 4}
    np.testing.assert_allclose(
        (np.array(prepared.meta["affine"]) @ [*centre, 1])[:3], (22.5, 10.5, 32.5)
    )
    brightest = np.argwhere(prepared.image[0] > prepared.image[0].max() / 2).mean(axis=0)
    np.testing.assert_allclose(brightest, centre, atol=0.5)


@pytest.mark.parametrize("mask", [None, stored(np.zeros((32, 40, 44), np.float32))])
def test_without_a_tumour_the_foreground_is_taken_and_noted(mask):
    prepared = prepare(crop="tumour", spacing_mm=None).make("P-1", {"T1": stored(head())}, mask)
    assert prepared.meta["crop"] == "foreground"
    centre = np.array(prepared.meta["affine"]) @ [7.5, 7.5, 7.5, 1]
    # of 4..27, 6..33, 8..39
    np.testing.assert_allclose(centre[:3], (15.5, 19.5, 23.5), atol=0.5)


def test_a_box_larger_than_the_head_is_padded_with_background():
    prepared = prepare(spacing_mm=None, shape=(64, 64, 64), crop="center").make(
        "P-1", {"T1": stored(head())}, None
    )
    assert (prepared.image[0] != 0).sum() == 24 * 28 * 32
    np.testing.assert_allclose(np.array(prepared.meta["affine"])[:3, 3], (-16, -12, -10))


def test_ct_is_scaled_by_the_window_and_cut_around_tissue():
    image = np.full((32, 40, 44), -1000, np.float32)
    image[4:12, 6:16, 8:40] = 40
    ct = prepare(
        sequences=("CT",), normalise="hu_window", hu_window=(0.0, 80.0), spacing_mm=None
    ).make("P-1", {"CT": stored(image)}, None)
    assert set(np.unique(ct.image)) == {0, 0.5}
    np.testing.assert_allclose(
        (np.array(ct.meta["affine"]) @ [7.5, 7.5, 7.5, 1])[:3], (7.5, 10.5, 23.5), atol=0.5
    )


def test_different_grids_are_refused_with_both():
    shifted = np.eye(4)
    shifted[0, 3] = 0.01
    for other in (
        stored(head(), shifted, "flair.nii.gz"),
        stored(head()[:-1], name="flair.nii.gz"),
    ):
        with pytest.raises(
            ReadError,
            match=r"flair.nii.gz: its grid is \d+x40x44, affine \[.*\], but that of t1.nii.gz is "
            r"32x40x44, affine \[1 0 0 0; 0 1 0 0; 0 0 1 0\]; register the patient's",
        ):
            prepare().make("P-1", {"T1": stored(head()), "FLAIR": other}, None)
    for mask in (stored(labels(), shifted, "mask.nii"), stored(labels()[:, :-2], name="mask.nii")):
        with pytest.raises(ReadError, match=r"mask\.nii: its grid is.*resample the mask onto"):
            prepare().make("P-1", {"T1": stored(head())}, mask)
    unknown = stored(head(), name="flair.nii.gz", known=False)
    with pytest.raises(ReadError, match="no affine"):
        prepare().make("P-1", {"T1": stored(head()), "FLAIR": unknown}, None)


def test_rounding_of_an_affine_is_no_other_grid():
    nearly = np.eye(4)
    nearly[0, 3] = 9e-4
    assert prepare().make("P-1", {"T1": stored(head()), "FLAIR": stored(head(1), nearly)}, None)


def test_a_spacing_cannot_be_asked_of_a_file_that_has_none():
    image = {"T1": stored(head(), known=False)}
    with pytest.raises(ReadError, match=r"neither sform_code nor qform_code.*spacing_mm: null"):
        prepare().make("P-1", image, None)
    prepared = prepare(spacing_mm=None, shape=(32, 40, 44), crop="center").make("P-1", image, None)
    assert not prepared.meta["units_known"]
    np.testing.assert_array_equal(prepared.image[0] != 0, head() != 0)


def test_an_image_without_contrast_is_named():
    flat = stored((head() != 0).astype(np.float32), name="flat.nii.gz")
    with pytest.raises(ReadError, match=r"P-1: flat\.nii\.gz: all 21,504 voxels that are not 0"):
        prepare().make("P-1", {"T1": flat}, None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sequences": ()}, "name each channel once, at least one"),
        ({"sequences": ("T1", "T1")}, "name each channel once"),
        ({"sequences": ("T1", "mask")}, "never `mask`"),
        ({"spacing_mm": (1.0, 1.0)}, "give 1 or 3 numbers above 0"),
        ({"spacing_mm": (1.0, 0.0, 1.0)}, "give 1 or 3 numbers above 0"),
        ({"shape": (16, 16)}, "give 3 numbers of voxels"),
        ({"shape": (16, 0, 16)}, "give 3 numbers of voxels"),
        ({"normalise": "zscore"}, "normalise 'zscore' does not exist, .*mean 'brain_zscore'"),
        ({"crop": "tumor"}, "crop 'tumor' does not exist.*did you mean 'tumour'"),
        ({"normalise": "hu_window"}, "with hu_window None: give a window"),
        ({"hu_window": (0.0, 80.0)}, "and only then"),
        ({"normalise": "hu_window", "hu_window": (80.0, 0.0)}, "low below high"),
    ],
)
def test_options_that_do_not_fit(options, message):
    with pytest.raises(ConfigError, match=message):
        prepare(**options)
