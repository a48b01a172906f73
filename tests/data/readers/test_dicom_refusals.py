"""What a series may not be, and what the message tells to do."""

import numpy as np
import pydicom
import pytest

from fusion.data.readers.dicom_series import read_series
from fusion.errors import ReadError
from fusion.testing.dicom import affine_ras, stored, write_series

ARRAY, GRID = stored(), affine_ras()


def refused(paths, message):
    with pytest.raises(ReadError, match=message) as caught:
        read_series(paths, "P-1")
    assert str(caught.value).startswith("patient P-1: ")
    return str(caught.value)


@pytest.mark.parametrize(("count", "lost"), [(7, 1), (7, 3), (7, 5), (3, 1), (4, 2)])
def test_a_missing_slice(tmp_path, count, lost):
    paths = write_series(tmp_path, stored((6, 5, count + 1)), GRID)
    missing = paths.pop(lost)
    text = refused(paths, "a gap of 6.000 mm .* 3.000 mm apart: about 1 missing; send .* complete")
    assert paths[lost - 1].name in text  # the slice before the gap
    assert missing.name not in text


def test_two_slices_missing_in_a_row(tmp_path):
    paths = write_series(tmp_path, ARRAY, GRID)
    refused(paths[:2] + paths[4:], "about 2 missing")


def test_the_same_image_twice(tmp_path):
    paths = write_series(tmp_path, ARRAY, GRID)
    copy = tmp_path / "copy"
    copy.write_bytes(paths[2].read_bytes())
    text = refused([*paths, copy], "two slices in one place, .* 1 such pairs .* delete copies")
    assert copy.name in text
    assert paths[2].name in text


def test_two_echoes_in_one_series(tmp_path):
    uid = pydicom.uid.generate_uid()
    one = write_series(tmp_path / "a", ARRAY, GRID, uid=uid)
    two = write_series(tmp_path / "b", ARRAY, GRID, uid=uid)
    refused(one + two, "7 such pairs .* several echoes, time points")


def test_two_series_mixed(tmp_path):
    paths = write_series(tmp_path / "a", ARRAY, GRID) + write_series(tmp_path / "b", ARRAY, GRID)
    refused(paths, "2 series are mixed: .* map each by its series_uid")


def test_no_file(tmp_path):
    refused([], "no file at all")


def change(**values):
    """Set elements of the slice in the middle; None takes one away."""

    def edit(place, data):
        if place == 3:
            for name, value in values.items():
                if value is None:
                    delattr(data, name)
                else:
                    setattr(data, name, value)

    return edit


def change_all(**values):
    def edit(_, data):
        change(**values)(3, data)

    return edit


def lean(degrees):
    """Each slice a little further along its columns, as of a gantry that is tilted."""

    def edit(place, data):
        down = np.array(data.ImageOrientationPatient[3:], dtype=float)
        moved = np.array(data.ImagePositionPatient, dtype=float)
        moved += down * 3.0 * np.tan(np.deg2rad(degrees)) * place
        data.ImagePositionPatient = [round(float(v), 9) for v in moved]

    return edit


def shifted(place, data):
    if place == 3:
        right = np.array(data.ImageOrientationPatient[:3], dtype=float)
        moved = np.array(data.ImagePositionPatient, dtype=float) + right
        data.ImagePositionPatient = [round(float(v), 9) for v in moved]


def other_shape(place, data):
    if place == 3:
        data.Rows, data.PixelData = 4, data.PixelData[: 4 * 6 * 2]


TURNED = [1.0, 0, 0, 0, 1, 0]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (other_shape, "4 x 6 pixels, expected 5 x 6 .* more than one stack"),
        (change(PixelSpacing=[1.2, 0.9]), "a spacing of .* expected .* more than one stack"),
        (change(ImageOrientationPatient=TURNED), "an orientation of .* more than one stack"),
        (lean(15.0), "leans by 15.00 degrees .* tilted gantry.*; resample"),
        (lean(0.2), "leans by 0.20 degrees"),
        (shifted, "1.000 mm off its place .* not evenly spaced"),
        (change(PixelSpacing=[0, 0.8]), "PixelSpacing is .* expected above 0"),
        (change(PixelSpacing=[800, 800]), "PixelSpacing is .* up to 50"),
        (change(PixelSpacing=[-1, 0.8]), "PixelSpacing is .* expected above 0"),
        (change(PixelSpacing=None), "PixelSpacing is missing"),
        (change(PixelSpacing=[1.0, 1.0, 1.0]), "expected 2 finite numbers"),
        (change(ImageOrientationPatient=[1, 0, 0, 1, 0, 0]), "two unit vectors at right angles"),
        (change(ImageOrientationPatient=[0] * 6), "two unit vectors at right angles"),
        (change(ImageOrientationPatient=None), "ImageOrientationPatient is missing"),
        (change(ImagePositionPatient=None), "a 2-D image: it has no ImagePositionPatient"),
        (change(RescaleSlope=0), "RescaleSlope is 0"),
        (change(RescaleIntercept=None), "RescaleIntercept is missing"),
        (change(PhotometricInterpretation="MONOCHROME1"), "coloured or inverted"),
        (change_all(Modality="SR"), "Modality is 'SR', expected an image of MR, CT, PT"),
        (change(NumberOfFrames=2), "2 frames that do not say where they lie"),
        (change(ModalityLUTSequence=[pydicom.Dataset()]), "Modality LUT"),
    ],
)
def test_refused(tmp_path, edit, message):
    refused(write_series(tmp_path, ARRAY, GRID, edit=edit), message)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"RescaleSlope": None, "RescaleIntercept": None}, "RescaleSlope is missing"),
        ({"RescaleType": "US"}, "RescaleType is 'US', expected HU"),
    ],
)
def test_ct_without_hounsfield_units(tmp_path, values, message):
    paths = write_series(
        tmp_path, ARRAY, GRID, values={"Modality": "CT"}, edit=change_all(**values)
    )
    refused(paths, message)


def test_scanners_round_positions(tmp_path):
    """0.1 mm of 3 mm is no gap; the affine is that of the first and the last slice."""

    def rounded(_, data):
        data.ImagePositionPatient = [round(float(v), 1) for v in data.ImagePositionPatient]

    volume = read_series(
        write_series(tmp_path, ARRAY, affine_ras((0.0, 0.0, 0.0)), edit=rounded), "P"
    )
    # the two ends are each rounded by up to 0.05 mm
    np.testing.assert_allclose(volume.affine, affine_ras((0.0, 0.0, 0.0)), atol=0.05 + 1e-9)


def test_an_empty_volume(tmp_path):
    refused(write_series(tmp_path, 0 * ARRAY, GRID, scaled=False), "the volume is empty")


def test_a_single_slice(tmp_path):
    refused(write_series(tmp_path, ARRAY, GRID)[:1], "a 2-D image: the series has one slice")


@pytest.mark.parametrize("content", [b"", b"a text", b"\0" * 400, bytes(128) + b"DICX" + bytes(9)])
def test_a_file_that_is_not_dicom(tmp_path, content):
    paths = write_series(tmp_path, ARRAY, GRID)
    paths[1].write_bytes(content)
    text = refused(paths, "not a DICOM file .* move it out of the folder")
    assert paths[1].name in text


def test_a_file_that_is_gone(tmp_path):
    refused([tmp_path / "gone"], "cannot be opened")


def test_every_truncation_is_found(tmp_path):
    paths = write_series(tmp_path, ARRAY, GRID)
    whole = paths[2].read_bytes()
    for keep in range(0, len(whole), 17):
        paths[2].write_bytes(whole[:keep])
        refused(paths, paths[2].name)


def test_pixels_that_no_decoder_knows(tmp_path, monkeypatch):
    def lossless(_, data):
        data.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8\xff\xd9"])
        data["PixelData"].VR = "OB"
        data["PixelData"].is_undefined_length = True
        data.file_meta.TransferSyntaxUID = pydicom.uid.JPEGLosslessSV1

    decoder = pydicom.pixels.get_decoder(pydicom.uid.JPEGLosslessSV1)
    monkeypatch.setattr(decoder, "_available", {})  # as without the extra
    paths = write_series(tmp_path, ARRAY, GRID, edit=lossless)
    refused(paths, r"JPEG Lossless.* no decoder; pip install 'fusion-onco\[dicom\]'")


def test_a_syntax_that_is_no_picture(tmp_path):
    def film(_, data):
        data.PixelData = pydicom.encaps.encapsulate([bytes(4)])
        data["PixelData"].VR = "OB"
        data["PixelData"].is_undefined_length = True
        data.file_meta.TransferSyntaxUID = pydicom.uid.MPEG2MPML

    refused(write_series(tmp_path, ARRAY, GRID, edit=film), "MPEG2.* no decoder")


def test_a_deflated_header_is_refused_before_it_unfolds(tmp_path, monkeypatch):
    def deflated(_, data):
        data.file_meta.TransferSyntaxUID = pydicom.uid.DeflatedExplicitVRLittleEndian

    paths = write_series(tmp_path, ARRAY, GRID, edit=deflated)
    monkeypatch.setattr("zlib.decompress", lambda *_: pytest.fail("it was unfolded"))
    refused(paths, "deflated .* `dcmconv")


def test_a_flood_of_pixels_is_refused(tmp_path):
    paths = write_series(tmp_path, ARRAY, GRID, edit=change_all(Rows=65535, Columns=65535))
    refused(paths, "pixels are more than|expected up to")


def test_random_bytes_are_read_or_refused(tmp_path):
    """Nothing else than ReadError comes out, whatever stands in a header."""
    paths = write_series(tmp_path, ARRAY, GRID)
    good = paths[0].read_bytes()
    rng = np.random.default_rng(0)
    refusals = 0
    for _ in range(150):
        data = bytearray(good)
        for position in rng.integers(132, len(good) - 60, 3):
            data[position] = rng.integers(256)
        paths[0].write_bytes(data)
        try:
            read_series(paths, "P-1")
        except ReadError:
            refusals += 1
    assert refusals > 30
