"""What a volume tells does not depend on the way in which it is stored."""

from itertools import permutations, product

import nibabel as nib
import numpy as np
import pytest

from fusion.data.readers.volume import read_volume
from fusion.doctor.volume import middle_slice, to_axes

CODES = [
    "".join(pair[side] for pair, side in zip(order, sides, strict=True))
    for order in permutations(["LR", "PA", "IS"])
    for sides in product([0, 1], repeat=3)
]
VOXELS = np.random.default_rng(0).normal(100, 20, (8, 6, 4)).astype(np.float32)
RAS = nib.Nifti1Image(VOXELS, np.diag([1.0, 2.0, 3.0, 1.0]))


def stored(tmp_path, code):
    turn = nib.orientations.ornt_transform(
        nib.orientations.axcodes2ornt("RAS"), nib.orientations.axcodes2ornt(code)
    )
    path = tmp_path / f"{code}.nii"
    nib.save(RAS.as_reoriented(turn), path)
    return read_volume(path, "p")


@pytest.mark.parametrize("code", CODES)
def test_all_48_ways_to_store_it_give_the_same_voxels_and_picture(tmp_path, code):
    volume = stored(tmp_path, code)
    assert volume.orientation == code
    np.testing.assert_array_equal(to_axes(volume.array, volume), VOXELS)
    expected = middle_slice(stored(tmp_path, "RAS"))
    np.testing.assert_array_equal(middle_slice(volume), expected)


def test_the_picture_has_the_front_above_and_the_left_on_the_right(tmp_path):
    voxels = np.zeros((10, 20, 3), np.float32)
    voxels[0, -1] = 1  # leftmost, foremost
    nib.save(nib.Nifti1Image(voxels, np.eye(4)), tmp_path / "a.nii")
    picture = middle_slice(read_volume(tmp_path / "a.nii", "p"))
    row, column = np.unravel_index(picture[..., 0].argmax(), picture.shape[:2])
    assert row < picture.shape[0] / 4
    assert column > 3 * picture.shape[1] / 4


def test_spacing_and_intensities_are_those_of_the_patient_s_axes(mini):
    turned = np.array([[0, 0, -2.0, 0], [3.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 0, 1]])
    voxels = np.arange(12 * 14 * 10).reshape(12, 14, 10)
    for sequence in ("T1c", "FLAIR"):
        mini.volume(f"mri/P1_{sequence}.nii.gz", affine=turned, voxels=voxels + len(sequence))
    table = mini.check().tables["volume_files"]
    row = table.iloc[0]
    assert row["orientation"] == "ASL"
    spacing = row[["spacing_right_mm", "spacing_front_mm", "spacing_up_mm"]].tolist()
    assert spacing == [2.0, 3.0, 1.0]
    assert (row["lowest"], row["highest"]) == (3, 12 * 14 * 10 + 2)
    # of 1680 numbers in a row, the 99th percentile is at 0.99 * 1679
    assert row["p99"] == pytest.approx(3 + 0.99 * 1679, abs=1e-3)
