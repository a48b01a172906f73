"""A DICOM header -> its frames: where each lies, and how its numbers become values."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from jaxtyping import Float64

from fusion.data.readers.dicom_file import numbers, whole_number
from fusion.data.readers.volume import MAX_SPACING_MM
from fusion.errors import ReadError

KINDS = ("MR", "CT", "PT")
"""Values of `Modality` that are read."""


@dataclass(frozen=True)
class Frame:
    """One slice of a series, without its pixels. Positions are DICOM's, in LPS+ space."""

    path: Path
    index: int
    """Which frame of its file."""
    rows: int
    columns: int
    position_mm: Float64[np.ndarray, "3"]
    """Centre of the first pixel."""
    along_row: Float64[np.ndarray, "3"]
    """Unit vector to the next column."""
    along_column: Float64[np.ndarray, "3"]
    """Unit vector to the next row."""
    row_spacing_mm: float
    column_spacing_mm: float
    slope: float
    intercept: float


def frames(data: pydicom.Dataset, path: Path, patient: str | None) -> list[Frame]:
    """All frames of one file, classic (one) or enhanced (many).

    Raises:
        ReadError: where it is no grey image of MR, CT or PET, lies nowhere, has a spacing or an
            orientation that cannot be, or values that are not a slope and an intercept away.
    """
    _check_image(data, path, patient)
    return [_frame(index, data, parts, path, patient) for index, parts in _parts(data, path)]


def _parts(data: pydicom.Dataset, path: Path) -> Iterator[tuple[int, list[pydicom.Dataset]]]:
    """For each frame: the headers in which its elements are looked for, the nearest first."""
    each = data.get("PerFrameFunctionalGroupsSequence")
    if not each:
        yield 0, [data]
        return
    shared = data.get("SharedFunctionalGroupsSequence") or [pydicom.Dataset()]
    for index, own in enumerate(each):
        yield index, [own, shared[0]]


def _check_image(data: pydicom.Dataset, path: Path, patient: str | None) -> None:
    kind = data.get("Modality")
    count = whole_number(data, "NumberOfFrames", 1, path, patient)
    each = data.get("PerFrameFunctionalGroupsSequence")
    problem = None
    if kind not in KINDS or "Rows" not in data or "Columns" not in data:
        problem = f"Modality is {str(kind)[:8]!r}, expected an image of {', '.join(KINDS)}"
    elif data.get("SamplesPerPixel", 1) != 1 or data.get("PhotometricInterpretation") not in (
        "MONOCHROME2",
        None,
    ):
        problem = "the pixels are coloured or inverted, expected MONOCHROME2"
    elif kind == "PT" and each:
        problem = "enhanced PET is not read; export it as classic PET, one file per slice"
    elif each is None and count > 1:
        problem = f"{count} frames that do not say where they lie (not an enhanced image)"
    elif each is not None and len(each) != count:
        problem = f"{count} frames, but {len(each)} say where they lie; send the file anew"
    elif each is None and not data.get("ImagePositionPatient"):
        problem = (
            "a 2-D image: it has no ImagePositionPatient (a scout, a capture of a screen, a plain "
            "radiograph)"
        )
    elif "ModalityLUTSequence" in data:
        problem = "the values go through a Modality LUT, expected RescaleSlope and Intercept"
    if problem:
        raise ReadError(path, f"{problem}; map another series, or delete its row", patient)


def _frame(
    index: int,
    data: pydicom.Dataset,
    parts: list[pydicom.Dataset],
    path: Path,
    patient: str | None,
) -> Frame:
    plane = _find(parts, "PlanePositionSequence")
    turned = numbers(
        _find(parts, "PlaneOrientationSequence"), "ImageOrientationPatient", 6, path, patient
    )
    spacing = numbers(_find(parts, "PixelMeasuresSequence"), "PixelSpacing", 2, path, patient)
    if not all(0 < value <= MAX_SPACING_MM for value in spacing):
        raise ReadError(
            path,
            f"PixelSpacing is {list(spacing)} mm, expected above 0 and up to {MAX_SPACING_MM:g}; "
            "send the series anew from the scanner",
            patient,
        )
    axes = np.array(turned).reshape(2, 3)
    if np.abs(axes @ axes.T - np.eye(2)).max() > 1e-3:
        raise ReadError(
            path,
            f"ImageOrientationPatient is {list(turned)}, expected two unit vectors at right "
            "angles; send the series anew from the scanner",
            patient,
        )
    slope, intercept = _rescale(data, parts, path, patient)
    return Frame(
        path,
        index,
        whole_number(data, "Rows", None, path, patient),
        whole_number(data, "Columns", None, path, patient),
        np.array(numbers(plane, "ImagePositionPatient", 3, path, patient)),
        axes[0],
        axes[1],
        spacing[0],
        spacing[1],
        slope,
        intercept,
    )


def _find(parts: list[pydicom.Dataset], group: str) -> pydicom.Dataset:
    """The header that holds a group's elements: an item of the group, or the file's own."""
    for part in parts:
        if part.get(group):
            return part[group][0]
    return parts[0]


def _rescale(
    data: pydicom.Dataset, parts: list[pydicom.Dataset], path: Path, patient: str | None
) -> tuple[float, float]:
    item = _find(parts, "PixelValueTransformationSequence")
    names = [name for name in ("RescaleSlope", "RescaleIntercept") if item.get(name) is not None]
    if not names and data.Modality == "MR":
        return 1.0, 0.0  # optional there: the numbers have no unit anyway
    slope = numbers(item, "RescaleSlope", 1, path, patient)[0]
    if slope == 0:
        raise ReadError(
            path, "RescaleSlope is 0: every voxel would be one value; export it again", patient
        )
    if data.Modality == "CT" and item.get("RescaleType") not in (None, "", "HU"):
        raise ReadError(
            path,
            f"RescaleType is {str(item.RescaleType)[:16]!r}, expected HU; map the original series",
            patient,
        )
    return slope, numbers(item, "RescaleIntercept", 1, path, patient)[0]
