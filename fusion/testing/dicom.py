"""A series written with pydicom from an array whose place and values are known."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from jaxtyping import Float64, Int16, Shaped
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage, generate_uid

Edit = Callable[[int, pydicom.Dataset], None]

Grid = Float64[np.ndarray, "4 4"]

PET: Mapping[str, Any] = {
    "Modality": "PT",
    "Units": "BQML",
    "CorrectedImage": ["ATTN", "DECY", "SCAT"],
    "DecayCorrection": "START",
    "PatientWeight": 70,
    "SeriesDate": "20200131",
    "SeriesTime": "120000",
    "AcquisitionDate": "20200131",
    "AcquisitionTime": "120000",
}
"""Of a PET series that can become SUV, but for what `drug` gives."""


def drug(**values: Any) -> pydicom.Dataset:
    """An item of RadiopharmaceuticalInformationSequence: 370 MBq of F-18 an hour before."""
    item = pydicom.Dataset()
    given = {
        "RadionuclideTotalDose": 3.7e8,
        "RadionuclideHalfLife": 6586.2,
        "RadiopharmaceuticalStartDateTime": "20200131110000",
    }
    for name, value in (given | values).items():
        setattr(item, name, value)
    return item


def nothing(_: int, data: pydicom.Dataset) -> None:
    """Leave the slice as it is."""


def affine_ras(
    turn_degrees: tuple[float, float, float] = (20.0, -10.0, 35.0),
    spacing_mm: tuple[float, float, float] = (0.8, 1.2, 3.0),
) -> Grid:
    """Columns of the array run along columns of the image: an oblique grid in RAS+."""
    a, b, c = np.deg2rad(turn_degrees)
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    grid = np.eye(4)
    grid[:3, :3] = (x @ y @ z) * spacing_mm
    grid[:3, 3] = (-31.5, 12.25, 40.0)
    return grid


def stored(
    shape: tuple[int, int, int] = (6, 5, 7), seed: int = 0
) -> Int16[np.ndarray, "columns rows slices"]:
    """Numbers as a scanner stores them."""
    return np.random.default_rng(seed).integers(-1000, 3000, shape).astype(np.int16)


def slopes(count: int) -> Float64[np.ndarray, "slices"]:
    """Another one for every slice; exact in binary."""
    return 1.0 + 0.25 * np.arange(count)


def base(
    array: Shaped[np.ndarray, "*frames rows columns"], uid: str, values: Mapping[str, Any]
) -> pydicom.Dataset:
    """A file without a place: a slice, or the frames of an enhanced image."""
    data = pydicom.Dataset()
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPInstanceUID = generate_uid()
    data.SeriesInstanceUID = uid
    given = {
        "Modality": "MR",
        "SeriesDescription": "t1 post",
        "Rows": array.shape[-2],
        "Columns": array.shape[-1],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 1,
    }
    for name, value in (given | dict(values)).items():
        setattr(data, name, value)
    data.SOPClassUID = CTImageStorage if data.Modality == "CT" else MRImageStorage
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.PixelData = array.astype("<i2").tobytes()
    return data


def geometry(grid: Grid, place: int) -> tuple[list[float], list[float], list[float]]:
    """Position, orientation and spacing of one slice, in DICOM's LPS and order."""
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ grid
    position = lps @ [0, 0, place, 1]
    sides = np.linalg.norm(lps[:3, :2], axis=0)
    axes = (lps[:3, :2] / sides).T.ravel()
    # a DS element has 16 characters: what a scanner can write, too
    return [round(float(v), 10) for v in position[:3]], *(
        [round(float(v), 10) for v in axes],
        [float(sides[1]), float(sides[0])],
    )


def write_series(
    folder: Path,
    array: Shaped[np.ndarray, "columns rows slices"],
    grid: Grid,
    *,
    values: Mapping[str, Any] | None = None,
    scaled: bool = True,
    edit: Edit = nothing,
    seed: int = 0,
    uid: str | None = None,
) -> list[Path]:
    """Slices along the last axis, one file each; names and instance numbers say nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    count = array.shape[2]
    order = np.random.default_rng(seed).permutation(count)
    uid = uid or generate_uid()
    paths = []
    for place in range(count):
        data = base(array[:, :, place].T, uid, values or {})
        position, axes, spacing = geometry(grid, place)
        data.ImagePositionPatient, data.ImageOrientationPatient = position, axes
        data.PixelSpacing, data.InstanceNumber = spacing, int(order[place]) + 1
        data.RescaleSlope = float(slopes(count)[place]) if scaled else 1
        data.RescaleIntercept = -float(place) if scaled else 0
        edit(place, data)
        paths.append(folder / f"IM{order[place]:04d}")
        data.save_as(paths[-1], enforce_file_format=True)
    return paths


def expected(
    array: Shaped[np.ndarray, "columns rows slices"],
) -> Float64[np.ndarray, "columns rows slices"]:
    """What `write_series` with `scaled` says the values are."""
    count = array.shape[2]
    return np.asarray(array * slopes(count) - np.arange(count))
