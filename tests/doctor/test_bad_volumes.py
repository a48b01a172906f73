"""Every way in which a volume is bad: the run and the doctor both refuse, and say what to do."""

import gzip
import re
import struct

import nibabel as nib
import numpy as np
import pytest

from fusion.data.sources.volume import VolumeSource

SHAPE = (12, 14, 10)
GRID = np.diag([1.0, 1.0, 2.0, 1.0])


def voxels(shape=SHAPE):
    return np.random.default_rng(1).normal(100, 20, shape).astype(np.float32)


def saved(path, array, affine=GRID):
    nib.save(nib.Nifti1Image(array, affine), path)


def another_grid(path):
    saved(path, voxels((12, 14, 9)))


def sheared(path):
    affine = GRID.copy()
    affine[0, 1] = 0.4
    saved(path, voxels(), affine)


def no_spacing(path):
    image = nib.Nifti1Image(voxels(), GRID)
    raw = bytearray(image.to_bytes())
    struct.pack_into("<f", raw, 80, 0.0)  # pixdim[1] of nifti1.h
    path.write_bytes(gzip.compress(raw, mtime=0))


def not_finite(path):
    array = voxels()
    array[3, 3, 3] = np.nan
    saved(path, array)


def constant(path):
    saved(path, np.full(SHAPE, 7, np.float32))


def flat(path):
    saved(path, voxels((12, 14)))


def four(path):
    saved(path, np.stack([voxels(), voxels() + 1], -1))


def truncated(path):
    path.write_bytes(path.read_bytes()[:-200])


BAD = {
    another_grid: "register the patient's sequences to one grid first",
    sheared: "is sheared or singular.*resample the image to a grid with right angles",
    no_spacing: r"a spacing of \[0.0, 1.0, 2.0\] mm, expected numbers above 0; export it again",
    not_finite: "1 of 1,680 voxels are NaN or infinite.*export again with a real value there",
    constant: "every voxel is 7: the image is empty; export it again",
    flat: "a picture of shape .* where a 3-D image is expected; stack the slices",
    four: "4-D of shape .* where one 3-D image is expected; give each sequence or time point a",
    truncated: "truncated or damaged .*copy or export it again",
}


def source(folder, **options):
    values = {
        "sequences": ["T1c", "FLAIR"],
        "spacing_mm": 1.0,
        "shape": [16, 16, 16],
        "normalise": "brain_zscore",
        "cache": folder / "cache",
    }
    return VolumeSource(**{**values, **options})


def refused(mini, message, **options):
    """One fault from the run and one from the doctor, of the same patient, line and advice."""
    (seen,) = mini.check().faults
    cohort = mini.check().cohort
    (fault,) = source(mini.root, **options).prepare(cohort.files("mri"))
    assert re.search(message, seen.message, re.DOTALL)
    assert re.search(message, fault.message, re.DOTALL)
    assert (seen.patient, seen.line) == (fault.patient, fault.line) == ("P2", seen.line)


@pytest.mark.parametrize(
    ("spoil", "message"), BAD.items(), ids=lambda x: getattr(x, "__name__", "")
)
def test_a_bad_sequence(mini, spoil, message):
    spoil(mini.root / "mri/P2_FLAIR.nii.gz")
    refused(mini, message)


def test_a_flipped_affine_is_no_fault_and_gives_the_same_voxels(mini):
    """What was stored from right to left lies where it lay before."""
    mri, patient = source(mini.root), mini.patients[1]
    before = mri.load(patient, mini.check().cohort.files("mri")[patient])
    for sequence in ("T1c", "FLAIR"):
        path = mini.root / f"mri/P2_{sequence}.nii.gz"
        image = nib.load(path)
        affine = GRID @ np.diag([-1.0, 1, 1, 1])
        affine[0, 3] = SHAPE[0] - 1
        saved(path, np.ascontiguousarray(image.get_fdata(dtype=np.float32)[::-1]), affine)
    checkup = mini.check()
    assert checkup.faults == ()
    assert "stored in 2 orientations" in checkup.warnings[0].message
    after = mri.load(patient, checkup.cohort.files("mri")[patient])
    np.testing.assert_array_equal(after.image, before.image)


def test_a_mask_of_another_shape(mini):
    drawn = np.zeros((12, 14, 9), np.float32)
    drawn[4:6, 4:6, 4:6] = 1
    mini.add("P2", "mri", mini.volume("mri/P2_mask.nii.gz", voxels=drawn), "mask")
    refused(mini, "resample the mask onto the grid of the images, nearest neighbour")


def test_a_mask_with_labels_that_its_scheme_does_not_have(mini):
    drawn = np.zeros(SHAPE, np.float32)
    drawn[4:6, 4:6, 4:6] = 7
    mini.add("P2", "mri", mini.volume("mri/P2_mask.nii.gz", voxels=drawn), "mask")
    mini.rows[-1]["label_scheme"] = "brats_2023"
    message = r"holds the labels 7 \(8 voxels\), which brats_2023 does not have.*name the scheme"
    refused(mini, message, regions=["WT"])


def test_a_volume_smaller_than_the_patch_is_padded_with_background(mini):
    """The prepared box has one shape, so that a patch always fits; around the head it is 0."""
    mri = source(mini.root, spacing_mm=2.0, patch=[16, 16, 16])
    rows = mini.check().cohort.files("mri")["P2"]
    drawn = mri.draw("P2", rows, np.random.default_rng(0)).image[0, 0]
    assert drawn.shape == (16, 16, 16)
    # 12 x 14 voxels of 1 mm and 10 of 2 mm are 6 x 7 x 10 of 2 mm
    assert 0 < np.count_nonzero(drawn) <= 7 * 8 * 11
