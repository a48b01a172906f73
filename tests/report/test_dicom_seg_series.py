"""A series that a segmentation can refer to, or a refusal that names the file."""

import numpy as np
import pytest

from fusion.errors import ReadError
from fusion.report.dicom_seg_series import read_series
from fusion.testing.dicom import affine_ras, nothing, stored, write_series

VALUES = {"PatientID": "P1", "StudyInstanceUID": "1.2.3", "FrameOfReferenceUID": "1.2.4"}


def written(folder, edit=nothing, shape=(6, 5, 8), **values):
    return write_series(folder, stored(shape), affine_ras(), values=VALUES | values, edit=edit)


def test_grid_is_that_of_the_affine_up_to_the_direction_of_slices(tmp_path):
    written(tmp_path)
    grid = read_series(tmp_path).grid
    assert grid.shape == (6, 5, 8)
    planted = affine_ras()
    corners = [
        {tuple(np.round(a @ [0, 0, z, 1], 4)) for z in (0, 7)} for a in (grid.affine, planted)
    ]
    assert corners[0] == corners[1]
    np.testing.assert_allclose(grid.affine[:3, :2], planted[:3, :2], atol=1e-8)


def test_what_is_no_dicom_is_passed_over(tmp_path):
    written(tmp_path)
    (tmp_path / "readme.txt").write_text("x")
    assert len(read_series(tmp_path).images) == 8


def frames(_, data):
    data.NumberOfFrames = 3


def no_place(_, data):
    del data.ImagePositionPatient


def no_space(_, data):
    del data.FrameOfReferenceUID


def two_spaces(place, data):
    data.FrameOfReferenceUID = f"1.2.{place // 4 + 1}"


def one_size(place, data):
    data.PixelSpacing = [1.2, 0.9] if place == 3 else data.PixelSpacing


def one_twice(place, data):
    if place == 4:
        data.ImagePositionPatient = [
            float(v) for v in (affine_ras() @ [0, 0, 3, 1])[:3] * [-1, -1, 1]
        ]


def two_series(place, data):
    data.SeriesInstanceUID = f"1.2.{place // 4 + 1}"


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (frames, "IM.*holds 3 frames; expected one slice per file"),
        (no_place, "IM.*a 2-D image: it has no ImagePositionPatient"),
        (no_space, "IM.*has no FrameOfReferenceUID"),
        (two_spaces, "IM.*FrameOfReferenceUID is not that of IM"),
        (one_size, "IM.*a spacing of .* more than one stack"),
        (one_twice, "IM.*two slices in one place"),
        (two_series, r"expected the images of one series, found 2 series \(1.2.1, 1.2.2\)"),
    ],
)
def test_what_is_no_stack_is_refused(tmp_path, edit, message):
    written(tmp_path, edit)
    with pytest.raises(ReadError, match=message):
        read_series(tmp_path)


def test_a_missing_slice_is_refused(tmp_path):
    written(tmp_path)[3].unlink()
    with pytest.raises(ReadError, match=r"IM.*a gap of 6.000 mm behind IM.*3.000 mm apart"):
        read_series(tmp_path)


def test_too_little_is_refused(tmp_path):
    with pytest.raises(ReadError, match="no such folder"):
        read_series(tmp_path / "none")
    with pytest.raises(ReadError, match="found no DICOM image"):
        read_series(tmp_path)
    written(tmp_path, shape=(6, 5, 1))
    with pytest.raises(ReadError, match="the series has one slice"):
        read_series(tmp_path)


def test_a_torn_file_is_named(tmp_path):
    path = written(tmp_path)[0]
    path.write_bytes(path.read_bytes()[:150])
    with pytest.raises(ReadError, match=path.name):
        read_series(tmp_path)
