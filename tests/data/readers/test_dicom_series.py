"""What is written with pydicom comes back in value and in place, whatever the files are called."""

import nibabel as nib
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from fusion.data.readers.dicom_nifti import write_nifti
from fusion.data.readers.dicom_series import read_series
from fusion.data.readers.volume import read_volume
from fusion.testing.dicom import (
    PET,
    affine_ras,
    base,
    drug,
    expected,
    geometry,
    stored,
    write_series,
)

ARRAY, GRID = stored(), affine_ras()
NEAR_MM = 1e-6
"""Positions and cosines were written with 10 digits."""


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", ["MR", "CT"])
def test_values_and_places_come_back(tmp_path, kind, seed):
    paths = write_series(tmp_path, ARRAY, GRID, values={"Modality": kind}, seed=seed)
    volume = read_series(np.random.default_rng(seed).permutation(paths).tolist(), "P-1")
    np.testing.assert_array_equal(volume.array, expected(ARRAY))
    np.testing.assert_allclose(volume.affine, GRID, atol=NEAR_MM)
    assert volume.unit == {"MR": "as stored", "CT": "HU"}[kind]
    assert volume.notes == ()


@pytest.mark.parametrize("turn", [(0, 0, 0), (90, 0, 0), (0, 90, 0), (180, 0, 90), (5, 50, -130)])
def test_every_voxel_lies_where_the_header_of_its_slice_says(tmp_path, turn):
    """Against DICOM's own formula (PS3.3 C.7.6.2.1.1), of any orientation, in any order."""
    paths = write_series(tmp_path, ARRAY, affine_ras(tuple(map(float, turn))), scaled=False)
    volume = read_series(paths, "P-1")
    world = {}
    for path in paths:
        data = pydicom.dcmread(path)
        right, down = np.array(data.ImageOrientationPatient, dtype=float).reshape(2, 3)
        for row in range(data.Rows):
            for column in range(data.Columns):
                lps = (
                    np.array(data.ImagePositionPatient, dtype=float)
                    + right * float(data.PixelSpacing[1]) * column
                    + down * float(data.PixelSpacing[0]) * row
                )
                ras = tuple((lps * (-1, -1, 1)).round(4) + 0.0)
                world[ras] = int(data.pixel_array[row, column])
    for index in np.ndindex(volume.array.shape):
        ras = tuple((volume.affine @ [*index, 1])[:3].round(4) + 0.0)
        assert world[ras] == volume.array[index]


def test_slices_that_run_against_the_normal_are_turned(tmp_path):
    grid = affine_ras()
    flipped = grid.copy()
    flipped[:3, 2] *= -1
    volume = read_series(write_series(tmp_path, ARRAY, flipped), "P-1")
    assert np.linalg.det(volume.affine) > 0
    np.testing.assert_array_equal(volume.array, expected(ARRAY)[:, :, ::-1])
    last = flipped @ [0, 0, ARRAY.shape[2] - 1, 1]
    np.testing.assert_allclose(volume.affine[:, 3], last, atol=NEAR_MM)


def enhanced(array, grid):
    """One file of all slices, their frames out of order; slope per frame, spacing shared."""
    order = np.random.default_rng(3).permutation(array.shape[2])
    data = base(array.transpose(2, 1, 0)[order], pydicom.uid.generate_uid(), {})
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = pydicom.uid.EnhancedMRImageStorage
    data.NumberOfFrames = array.shape[2]

    def item(**values):
        made = pydicom.Dataset()
        for name, value in values.items():
            setattr(made, name, value)
        return made

    spacing, axes = geometry(grid, 0)[2], geometry(grid, 0)[1]
    data.SharedFunctionalGroupsSequence = [
        item(
            PixelMeasuresSequence=[item(PixelSpacing=spacing)],
            PlaneOrientationSequence=[item(ImageOrientationPatient=axes)],
        )
    ]
    data.PerFrameFunctionalGroupsSequence = [
        item(
            PlanePositionSequence=[item(ImagePositionPatient=geometry(grid, int(place))[0])],
            PixelValueTransformationSequence=[
                item(RescaleSlope=1 + 0.25 * place, RescaleIntercept=-float(place))
            ],
        )
        for place in order
    ]
    return data


def test_enhanced_multi_frame(tmp_path):
    enhanced(ARRAY, GRID).save_as(tmp_path / "e.dcm", enforce_file_format=True)
    volume = read_series([tmp_path / "e.dcm"], "P-1")
    np.testing.assert_array_equal(volume.array, expected(ARRAY))
    np.testing.assert_allclose(volume.affine, GRID, atol=NEAR_MM)


def test_compressed_pixels_are_those_of_the_plain_file(tmp_path):
    def compress(_, data):
        data.compress(pydicom.uid.RLELossless, generate_instance_uid=False)

    plain = read_series(write_series(tmp_path / "a", ARRAY, GRID), "P-1")
    rle = read_series(write_series(tmp_path / "b", ARRAY, GRID, edit=compress), "P-1")
    np.testing.assert_array_equal(rle.array, plain.array)


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small.dcm"])
def test_real_slices_of_pydicom(tmp_path, name):
    """A real header, made a series of two by moving a copy along the normal."""
    data = pydicom.dcmread(get_testdata_file(name))
    plain = data.pixel_array * float(data.get("RescaleSlope", 1))
    plain = plain + float(data.get("RescaleIntercept", 0))
    data.save_as(tmp_path / "b.dcm")
    data.ImagePositionPatient[2] = float(data.ImagePositionPatient[2]) + 5
    data.save_as(tmp_path / "a.dcm")
    volume = read_series([tmp_path / "a.dcm", tmp_path / "b.dcm"], "P-1")
    np.testing.assert_array_equal(volume.array[:, :, 0], plain.T)
    assert volume.affine[2, 2] == pytest.approx(5)


@pytest.mark.parametrize("scaled", [False, True])
def test_the_nifti_is_the_series(tmp_path, scaled):
    volume = read_series(write_series(tmp_path / "in", ARRAY, GRID, scaled=scaled), "P-1")
    for name in ("a.nii.gz", "b.nii.gz"):
        write_nifti(volume, tmp_path / name, "P-1")
    again = read_volume(tmp_path / "a.nii.gz", "P-1")
    np.testing.assert_array_equal(again.array, volume.array)
    # the header holds single precision
    np.testing.assert_allclose(again.affine, GRID, rtol=1e-6, atol=1e-5)
    image = nib.load(tmp_path / "a.nii.gz")
    assert (int(image.header["qform_code"]), int(image.header["sform_code"])) == (1, 1)
    np.testing.assert_allclose(image.get_qform(), GRID, atol=1e-4)  # a quaternion of 3 floats
    assert image.get_data_dtype() == (np.float32 if scaled else np.int16)
    first, second = ((tmp_path / n).read_bytes() for n in ("a.nii.gz", "b.nii.gz"))
    assert first == second
    assert sorted(p.name for p in tmp_path.glob("*.gz")) == ["a.nii.gz", "b.nii.gz"]


def test_holes_in_the_instance_numbers_are_noted(tmp_path):
    """Slices lost at an end leave no gap."""
    paths = write_series(tmp_path, ARRAY, GRID)
    numbers = {pydicom.dcmread(path).InstanceNumber for path in paths[1:]}
    lost = max(numbers) - min(numbers) + 1 - len(numbers)
    assert lost == 1
    (note,) = read_series(paths[1:], "P-1").notes
    assert "with 1 left out: is the series complete?" in note


def test_pet_is_multiplied_to_suv(tmp_path):
    paths = write_series(
        tmp_path,
        np.abs(ARRAY),
        GRID,
        scaled=False,
        values=PET | {"RadiopharmaceuticalInformationSequence": [drug()]},
    )
    volume = read_series(paths, "P-1")
    factor = 70_000 / (3.7e8 * 2 ** (-3600 / 6586.2))
    # single precision
    np.testing.assert_allclose(volume.array, np.abs(ARRAY) * factor, rtol=2e-7)
    assert volume.unit == "SUVbw"
