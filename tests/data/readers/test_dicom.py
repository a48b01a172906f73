"""DICOM whole-slide images, as OpenSlide reads them: place, scale, colours, a missing spacing."""

import numpy as np
import pytest
import simplejpeg

from fusion.data.readers.pyramid import Pyramid
from fusion.data.readers.slide import SlideFile
from fusion.errors import ReadError

pydicom = pytest.importorskip("pydicom")
TILE, MPP = 64, 0.5
TISSUE = [200, 120, 180]


def frames(image):
    height, width, _ = image.shape
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            piece = image[top : top + TILE, left : left + TILE]
            tile = np.full((TILE, TILE, 3), 255, dtype=np.uint8)
            tile[: piece.shape[0], : piece.shape[1]] = piece
            yield simplejpeg.encode_jpeg(tile, quality=95, colorsubsampling="422")


def sequence(**values):
    item = pydicom.Dataset()
    for name, value in values.items():
        setattr(item, name, value)
    return pydicom.Sequence([item])


@pytest.fixture
def slide(tmp_path):
    """`slide(spacing)`: a file of 500 x 300 pixels in tiles, tissue from (80, 60) to (420, 240)."""
    image = np.full((300, 500, 3), 240, dtype=np.uint8)
    image[60:240, 80:420] = TISSUE

    def written(spacing_mm=MPP / 1000):
        meta = pydicom.dataset.FileMetaDataset()
        meta.MediaStorageSOPClassUID = pydicom.uid.VLWholeSlideMicroscopyImageStorage
        meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
        meta.TransferSyntaxUID = pydicom.uid.JPEGBaseline8Bit
        given = list(frames(image))
        measures = {"SliceThickness": 0.001}
        if spacing_mm:
            measures["PixelSpacing"] = [spacing_mm, spacing_mm]
        values = {
            "SOPClassUID": meta.MediaStorageSOPClassUID,
            "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
            **{f"{n}UID": pydicom.uid.generate_uid() for n in ("StudyInstance", "SeriesInstance")},
            "Modality": "SM",
            "ImageType": ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"],
            "TotalPixelMatrixColumns": 500,
            "TotalPixelMatrixRows": 300,
            "TotalPixelMatrixFocalPlanes": 1,
            "DimensionOrganizationType": "TILED_FULL",
            "Rows": TILE,
            "Columns": TILE,
            "NumberOfFrames": len(given),
            "SamplesPerPixel": 3,
            "PhotometricInterpretation": "YBR_FULL_422",
            "PlanarConfiguration": 0,
            "BitsAllocated": 8,
            "BitsStored": 8,
            "HighBit": 7,
            "PixelRepresentation": 0,
            "SharedFunctionalGroupsSequence": sequence(PixelMeasuresSequence=sequence(**measures)),
            "OpticalPathSequence": sequence(OpticalPathIdentifier="1", ObjectiveLensPower=20),
            "NumberOfOpticalPaths": 1,
            "PixelData": pydicom.encaps.encapsulate(given),
        }
        data = pydicom.Dataset()
        data.file_meta = meta
        for name, value in values.items():
            setattr(data, name, value)
        data["PixelData"].VR = "OB"
        data["PixelData"].is_undefined_length = True
        path = tmp_path / "slide.dcm"
        data.save_as(path, enforce_file_format=True)
        return path

    return written


def test_size_scale_and_pixels(slide):
    with SlideFile.open(slide(), "p1") as found:
        assert isinstance(found.pixels, Pyramid)  # OpenSlide's to read
        assert found.dimensions == (500, 300)
        assert found.mpp == pytest.approx(MPP)
        inside = found.read(100, 80, 128, 64).astype(int)
        assert np.abs(inside - TISSUE).max() <= 2  # what JPEG leaves of a flat colour
        outside = found.read_um(0.0, 0.0, 20.0, 40).astype(int)
        assert np.abs(outside - 240).max() <= 2


def test_a_file_without_spacing_is_refused_unless_the_manifest_says_it(slide):
    path = slide(spacing_mm=None)
    with pytest.raises(ReadError, match="p1"):
        SlideFile.open(path, "p1")


def test_a_file_that_is_cut_off_is_refused(slide):
    path = slide()
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ReadError, match="p1"), SlideFile.open(path, "p1") as found:
        found.read(400, 200, 64, 64)
