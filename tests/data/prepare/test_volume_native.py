"""Back to the voxels of the file: the inverse of what preparation does."""

import itertools
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from fusion.data.label_scheme import REGIONS, label_scheme, region_bits, strange_labels
from fusion.data.prepare.volume_native import paint, to_native
from fusion.data.prepare.volumes import VolumePreparation
from fusion.data.readers.volume import VolumeFile
from fusion.errors import ConfigError

ORIENTATIONS = [
    "".join(axes)
    for order in itertools.permutations(("LR", "PA", "IS"))
    for axes in itertools.product(*order)
]
"""All 48."""


def stored(image, orientation, spacing_mm=(1.0, 1.0, 1.0)):
    """An image in RAS as a file of that orientation, and its affine."""
    affine = np.diag([*spacing_mm, 1.0])
    affine[:3, 3] = -5.0, 3.0, 11.0
    ras = nib.orientations.io_orientation(affine)
    turn = nib.orientations.ornt_transform(ras, nib.orientations.axcodes2ornt(orientation))
    turned = nib.orientations.apply_orientation(image, turn)
    affine = affine @ nib.orientations.inv_ornt_aff(turn, image.shape)
    zooms = tuple(float(z) for z in np.linalg.norm(affine[:3, :3], axis=0))
    return VolumeFile(Path("t1.nii"), np.ascontiguousarray(turned), affine, zooms, True)


def prepared(file, shape, spacing_mm=None, crop="center"):
    return VolumePreparation(
        sequences=("T1",),
        spacing_mm=spacing_mm,
        shape=shape,
        normalise="hu_window",
        hu_window=(0.0, 1.0),
        crop=crop,
    ).make("P-1", {"T1": file}, None)


def head(shape=(9, 7, 6), seed=0):
    return np.random.default_rng(seed).uniform(0.1, 0.9, shape).astype(np.float32)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_inverse_of_orientation_and_padding(orientation):
    """Only float16 of the cache lies between: 2 ** -11 of a number below 1."""
    file = stored(head(), orientation)
    found = prepared(file, (12, 12, 12))
    back = to_native(found.image[0].astype(np.float32), found.meta)
    assert back.shape == file.array.shape
    np.testing.assert_allclose(back, file.array, atol=2**-11)


@pytest.mark.parametrize("orientation", ["RAS", "LPS", "SAL", "IPR"])
def test_the_inverse_of_a_cut_is_zero_outside(orientation):
    file = stored(head((14, 12, 10)), orientation)
    found = prepared(file, (6, 4, 5))
    back = to_native(found.image[0].astype(np.float32), found.meta)
    inside = back != 0
    assert inside.sum() == 6 * 4 * 5
    np.testing.assert_allclose(back[inside], file.array[inside], atol=2**-11)


@pytest.mark.parametrize("orientation", ["RAS", "LPS", "SAL"])
@pytest.mark.parametrize("spacing_mm", [(2.0, 2.0, 2.0), (0.5, 0.8, 1.5)])
def test_a_linear_field_is_reproduced_after_resampling(orientation, spacing_mm):
    """Interpolation of a plane is exact: on the box, what is put is made of the millimetres."""
    file = stored(head((16, 18, 20)), orientation, (1.0, 0.9, 1.2))
    found = prepared(file, (40, 40, 40), spacing_mm)
    slope, offset = np.array([0.3, -0.7, 1.1]), 4.0

    def field(affine, shape):
        index = np.moveaxis(np.indices(shape), 0, -1)
        mm = index @ np.array(affine)[:3, :3].T + np.array(affine)[:3, 3]
        return (mm @ slope + offset).astype(np.float32)

    back = to_native(field(found.meta["affine"], (40, 40, 40)), found.meta)
    np.testing.assert_allclose(back, field(file.affine, file.array.shape), atol=1e-3)


def test_what_lies_half_a_voxel_beyond_the_last_centre_is_of_the_box():
    """A coarse box that covers the file gives no native voxel away at its border."""
    meta = {
        "affine": [[2.0, 0, 0, 0.5], [0, 2.0, 0, 0.5], [0, 0, 2.0, 0.5], [0, 0, 0, 1.0]],
        "native_affine": np.eye(4).tolist(),
        "native_shape": [4, 4, 4],
    }
    ones = np.ones((2, 2, 2), np.float32)
    assert (to_native(ones, meta) == 1.0).all()
    larger = to_native(ones, {**meta, "native_shape": [6, 4, 4]})
    assert (larger[:4] == 1.0).all()
    assert not larger[4:].any()


@pytest.mark.parametrize(
    ("regions", "scheme"),
    [
        (("WT",), "whole_tumour"),
        (("WT", "TC", "ET"), "brats_2023"),
        (("ET", "WT", "TC"), "brats_2023"),
        (("WT", "TC", "ET", "RC"), "brats_post_treatment"),
        (("NETC", "SNFH", "ET"), "brats_2023"),
        (("SNFH", "NETC", "ET", "RC"), "brats_post_treatment"),
        (("CC", "ET", "NETC", "SNFH"), "brats_ped"),
        (("WT", "TC", "ET", "CC"), "brats_ped"),
    ],
)
def test_regions_painted_and_read_again_are_the_same(regions, scheme):
    """Of a mask with all labels of the scheme: bits, maps, labels, bits."""
    labels = label_scheme(scheme).labels
    mask = np.random.default_rng(0).choice([0, *labels], (6, 5, 4)).astype(np.uint8)
    bits = region_bits(mask, label_scheme(scheme), regions)
    maps = np.stack([(bits >> r & 1).astype(bool) for r in range(len(regions))])
    painted, name = paint(maps, regions)
    assert name == scheme
    np.testing.assert_array_equal(painted, mask)
    assert strange_labels(painted, label_scheme(name)) == {}


def test_an_inner_region_wins_and_lies_in_the_outer_ones():
    """Masks that contradict: enhancing tumour outside of the tumour is tumour."""
    maps = np.zeros((3, 1, 1, 4), dtype=bool)
    maps[0, ..., :1], maps[1, ..., 1:2], maps[2, ..., 2:3] = True, True, True
    painted, name = paint(maps, ("WT", "TC", "ET"))
    assert painted[0, 0].tolist() == [2, 1, 3, 0]
    bits = region_bits(painted, label_scheme(name), ("WT", "TC", "ET"))
    assert bits[0, 0].tolist() == [1, 3, 7, 0]


SETS = [
    regions
    for size in range(1, 8)
    for regions in itertools.combinations(REGIONS, size)
    if not {"RC", "CC"} <= set(regions)
]


@pytest.mark.parametrize("regions", SETS, ids=",".join)
def test_any_regions_of_a_mask_are_read_again_as_they_were(regions):
    """Whatever was asked for, each region of what is painted is what it was before."""
    name = paint(np.zeros((len(regions), 1, 1, 1), dtype=bool), regions)[1]
    labels = label_scheme(name).labels
    mask = np.random.default_rng(0).choice([0, *labels], (6, 5, 4)).astype(np.uint8)
    bits = region_bits(mask, label_scheme(name), regions)
    maps = np.stack([(bits >> r & 1).astype(bool) for r in range(len(regions))])
    painted, _ = paint(maps, regions)
    np.testing.assert_array_equal(region_bits(painted, label_scheme(name), regions), bits)


def test_regions_that_no_scheme_has_together_are_refused():
    with pytest.raises(ConfigError, match=r"no label scheme has both RC and CC.*leave one"):
        paint(np.zeros((2, 1, 1, 1), dtype=bool), ("RC", "CC"))
