"""What a NIfTI file may not be, and the message for each."""

import gzip
import re
import struct
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from fusion.data.readers.volume import MAX_TRAILING_BYTES, read_mask, read_volume
from fusion.errors import ReadError

VOXELS = np.random.default_rng(0).normal(100, 20, (6, 7, 8)).astype(np.float32)
AFFINE = np.diag([1.0, 2.0, 3.0, 1.0])


def write(path: Path, voxels=VOXELS, affine=AFFINE) -> Path:
    nib.save(nib.Nifti1Image(voxels, affine), path)
    return path


def patched(path: Path, offset: int, layout: str, *values: float) -> Path:
    """Overwrite a field of the NIfTI-1 header: the byte positions are those of nifti1.h."""
    data = bytearray(write(path).read_bytes())
    struct.pack_into("<" + layout, data, offset, *values)
    path.write_bytes(data)
    return path


def refused(path: Path, message: str) -> None:
    with pytest.raises(ReadError, match=message) as caught:
        read_volume(path, "P-1")
    assert str(caught.value).startswith(f"patient P-1: {path}: ")


@pytest.mark.parametrize("name", ["t1.nii", "t1.nii.gz"])
@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_an_image_is_read_as_it_was_written(tmp_path, name, kind):
    nib.save(kind(VOXELS, AFFINE), tmp_path / name)
    volume = read_volume(tmp_path / name, "P-1")
    np.testing.assert_array_equal(volume.array, VOXELS)
    np.testing.assert_array_equal(volume.affine, AFFINE)
    assert volume.spacing_mm == (1.0, 2.0, 3.0)
    assert volume.units_known


def test_stored_integers_are_scaled_by_slope_and_intercept(tmp_path):
    image = nib.Nifti1Image(np.arange(60, dtype=np.int16).reshape(3, 4, 5), AFFINE)
    image.header.set_slope_inter(2.0, -1024.0)
    raw = bytearray(image.to_bytes())
    struct.pack_into("<ff", raw, 112, 2.0, -1024.0)
    (tmp_path / "ct.nii").write_bytes(raw)
    volume = read_volume(tmp_path / "ct.nii", "P-1")
    assert volume.array.min() == -1024
    assert volume.array.max() == 2 * 59 - 1024


def test_big_endian_is_read(tmp_path):
    header = nib.Nifti1Header(endianness=">")
    nib.save(nib.Nifti1Image(VOXELS, AFFINE, header), tmp_path / "t1.nii")
    np.testing.assert_array_equal(read_volume(tmp_path / "t1.nii", "P-1").array, VOXELS)


def test_a_fourth_axis_of_one_is_dropped(tmp_path):
    assert read_volume(write(tmp_path / "t1.nii", VOXELS[..., None]), "P").array.shape == (6, 7, 8)


def test_a_quarter_turn_keeps_the_spacing(tmp_path):
    turn = np.array([[0, -2, 0, 5], [1, 0, 0, 6], [0, 0, 3, 7], [0, 0, 0, 1.0]])
    assert read_volume(write(tmp_path / "t1.nii", affine=turn), "P-1").spacing_mm == (1, 2, 3)


def test_declared_units_are_turned_into_millimetres(tmp_path):
    affine = np.diag([1000.0, 2000.0, 3000.0, 1.0])
    image = nib.Nifti1Image(VOXELS, affine)
    image.header.set_xyzt_units("micron")
    nib.save(image, tmp_path / "t1.nii")
    volume = read_volume(tmp_path / "t1.nii", "P-1")
    np.testing.assert_allclose(volume.spacing_mm, (1, 2, 3), rtol=1e-12)
    np.testing.assert_allclose(volume.affine, AFFINE, rtol=1e-12)


def test_without_sform_and_qform_the_grid_is_not_known(tmp_path):
    volume = read_volume(write(tmp_path / "t1.nii", affine=None), "P-1")
    assert not volume.units_known
    np.testing.assert_array_equal(volume.affine, np.eye(4))


@pytest.mark.parametrize("keep", [0, 10, 200, 400, 700, -4])
@pytest.mark.parametrize("name", ["t1.nii", "t1.nii.gz"])
def test_truncated(tmp_path, name, keep):
    path = write(tmp_path / name)
    path.write_bytes(path.read_bytes()[:keep])
    # so little that not even the header is there reads as no NIfTI at all
    refused(path, "truncated or damaged .*copy or export it again|not a NIfTI file")


def test_every_flipped_byte_of_a_gzip_is_found(tmp_path):
    """Not only those that break the stream: gzip's own checksum is read."""
    path = write(tmp_path / "t1.nii.gz")
    good = path.read_bytes()
    start = good.index(b"\0", 10) + 1 if good[3] & 8 else 10  # behind the name
    for position in range(start, len(good), 23):
        data = bytearray(good)
        data[position] ^= 0x10
        path.write_bytes(data)
        with pytest.raises(ReadError, match="P-1"):
            read_volume(path, "P-1")


def test_random_headers_are_read_or_refused(tmp_path):
    """Nothing else than ReadError comes out, whatever stands in the header."""
    rng = np.random.default_rng(0)
    path = write(tmp_path / "t1.nii")
    good = path.read_bytes()
    refusals = 0
    for _ in range(400):
        data = bytearray(good)
        for _ in range(3):
            data[rng.integers(0, 352)] = rng.integers(0, 256)
        path.write_bytes(data)
        try:
            read_volume(path, "P-1")
        except ReadError:
            refusals += 1
    assert refusals > 100


def test_no_nifti(tmp_path):
    for name, content in (("a.nii", b"PK" + bytes(600)), ("a.nii.gz", gzip.compress(bytes(600)))):
        (tmp_path / name).write_bytes(content)
        refused(tmp_path / name, r"not a NIfTI file; convert it to \.nii\.gz")
    write(tmp_path / "scan.nii").rename(tmp_path / "scan.mgz")
    refused(tmp_path / "scan.mgz", "not a NIfTI file")
    (tmp_path / "b.nii.gz").write_bytes(write(tmp_path / "b.nii").read_bytes())
    refused(tmp_path / "b.nii.gz", "truncated or damaged .*gzip")


def test_no_file(tmp_path):
    refused(tmp_path / "gone.nii", "no such file; correct the manifest's path")


def test_four_dimensions(tmp_path):
    path = write(tmp_path / "t1.nii", np.stack([VOXELS, VOXELS], -1))
    refused(path, re.escape("4-D of shape (6, 7, 8, 2) where one 3-D image is expected; give each"))


@pytest.mark.parametrize("shape", [(6, 7), (6, 7, 1)])
def test_two_dimensions(tmp_path, shape):
    path = write(tmp_path / "t1.nii", np.arange(42, dtype=np.float32).reshape(shape))
    refused(path, "a picture of shape .* where a 3-D image is expected; stack the slices")


def test_colour_and_complex(tmp_path):
    colour = np.zeros((4, 4, 4), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    refused(write(tmp_path / "rgb.nii", colour), "voxels of type RGB where one number per voxel")
    path = write(tmp_path / "c.nii", VOXELS.astype(np.complex64))
    refused(path, "voxels of type complex64")


@pytest.mark.parametrize(
    ("offset", "layout", "values", "message"),
    [
        (280, "12f", [0.0] * 12, "the affine is singular"),
        (280, "4f", [0.0] * 4, "the affine is singular"),
        (280, "f", [float("nan")], "the affine is not finite"),
        (280, "f", [float("inf")], "the affine is not finite"),
        (284, "f", [0.5], "the affine is sheared or singular: .*resample the image to a grid"),
        (280, "12f", [1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 3, 0], "the affine is sheared or singular"),
        (80, "f", [0.0], r"a spacing of \[0.0, 2.0, 3.0\] mm, expected numbers above 0"),
        (84, "f", [-2.0], r"a spacing of \[1.0, -2.0, 3.0\] mm, expected numbers above 0"),
        (80, "f", [1.5], r"\[1.5, 2.0, 3.0\] mm \(pixdim\) and of \[1.0, 2.0, 3.0\] mm \(affine\)"),
        (123, "B", [1], r"\[1000.0, 2000.0, 3000.0\] mm is above 50 mm; check the units"),
        (
            42,
            "3h",
            [30000, 30000, 30000],
            r"claims \(30000, 30000, 30000\) voxels, 108,000,000,000",
        ),
        (42, "3h", [6, -7, 8], "the header's dimensions are"),
        (40, "h", [9], "not a NIfTI file|the header's dimensions are|damaged"),
        (70, "h", [9999], "unknown data type"),
        (108, "f", [1e9], "the voxels would start at byte 1e[+]09"),
        (108, "f", [0.0], "the voxels would start at byte 0"),
        (344, "4s", [b"abc\0"], "not a NIfTI file|the NIfTI header is damaged"),
    ],
)
def test_headers_that_are_refused(tmp_path, offset, layout, values, message):
    refused(patched(tmp_path / "t1.nii", offset, layout, *values), message)


def test_a_bomb_is_refused_before_it_unfolds(tmp_path):
    path = write(tmp_path / "t1.nii")
    with gzip.open(tmp_path / "t1.nii.gz", "wb") as file:
        file.write(path.read_bytes())
        file.write(bytes(MAX_TRAILING_BYTES + 1))
    refused(tmp_path / "t1.nii.gz", "more than 1,048,576 bytes follow the voxels")


def test_voxels_that_are_not_finite_are_counted(tmp_path):
    voxels = VOXELS.copy()
    voxels[0, 0, :3] = np.nan, np.inf, -np.inf
    refused(write(tmp_path / "t1.nii", voxels), "3 of 336 voxels are NaN or infinite; find out why")


def test_numbers_too_large_for_float32_are_counted(tmp_path):
    voxels = VOXELS.astype(np.float64)
    voxels[0, 0, 0] = 1e300
    refused(write(tmp_path / "t1.nii", voxels), "1 of 336 voxels are NaN or infinite")


def test_constant(tmp_path):
    path = write(tmp_path / "t1.nii", np.full((4, 4, 4), 7.0, np.float32))
    refused(path, "every voxel is 7: the image is empty")


def test_a_mask_may_be_empty_but_holds_whole_numbers(tmp_path):
    empty = write(tmp_path / "m.nii", np.zeros((4, 4, 4), np.uint8))
    assert not read_mask(empty, "P-1").array.any()
    for voxels in (VOXELS, np.full((4, 4, 4), -1.0), np.full((4, 4, 4), 300.0)):
        write(tmp_path / "m.nii", voxels.astype(np.float32))
        with pytest.raises(ReadError, match=r"voxels of the mask are no label .* save labels"):
            read_mask(tmp_path / "m.nii", "P-1")
