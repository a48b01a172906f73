"""The slices of one DICOM series, as a segmentation refers to them: headers alone, no pixels."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fusion.data.readers.dicom_file import is_dicom, read_header, understood
from fusion.data.readers.dicom_frames import frames
from fusion.data.readers.dicom_grid import stack
from fusion.errors import ReadError
from fusion.report.dicom_seg_grid import Grid

NEEDED = ("SOPInstanceUID", "SOPClassUID", "StudyInstanceUID", "FrameOfReferenceUID")
"""By which a segmentation names a slice and the space that it lies in."""

MAY_BE_EMPTY = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "StudyID",
    "StudyDate",
    "StudyTime",
)
"""DICOM wants them present and lets them be empty; de-identification often leaves them out."""


@dataclass(frozen=True)
class SourceSeries:
    """One series of single-frame images, in the order of their places along the normal."""

    folder: Path
    images: tuple[Any, ...]
    """pydicom data sets without pixels."""
    grid: Grid
    """x runs along a row (to higher columns), y down a column, z through the slices."""


def read_series(folder: Path) -> SourceSeries:
    """Read the headers of the one series in a folder; files that are not DICOM are passed over.

    Raises:
        ReadError: for no series or several, images of several frames, and whatever
            `fusion.data.readers.dicom_frames` and `dicom_grid` refuse in a series to be converted.
    """
    if not folder.is_dir():
        raise ReadError(folder, "no such folder; give the folder of the source series")
    paths = sorted(p for p in folder.iterdir() if p.is_file() and p.name.upper() != "DICOMDIR")
    headers = {path: read_header(path, None) for path in paths if is_dicom(path)}
    _check(folder, headers)
    slices = []
    for path, data in headers.items():
        with understood(path, None):
            slices += frames(data, path, None)
    found = stack(slices, None)
    images = tuple(headers[frame.path] for frame in found.frames)
    gap_mm = round(float(np.linalg.norm(found.affine[:3, 2])), 6)
    for image in images:
        if not image.get("SliceThickness"):  # may be empty, and highdicom wants a number
            image.SliceThickness = gap_mm
        for name in MAY_BE_EMPTY:
            if name not in image:
                setattr(image, name, "")
    first = found.frames[0]
    return SourceSeries(
        folder, images, Grid((first.columns, first.rows, len(images)), found.affine)
    )


def _check(folder: Path, headers: Mapping[Path, Any]) -> None:
    for path, data in headers.items():
        if not data.get("SeriesInstanceUID"):
            raise ReadError(path, "has no SeriesInstanceUID: torn, or no image; copy it again")
    series = sorted({str(data.SeriesInstanceUID) for data in headers.values()})
    if len(series) != 1:
        found = "no DICOM image" if not series else f"{len(series)} series ({', '.join(series)})"
        raise ReadError(folder, f"expected the images of one series, found {found}")
    spaces: dict[str, Path] = {}
    for path, data in headers.items():
        missing = [name for name in NEEDED if not data.get(name)]
        if missing:
            raise ReadError(path, f"has no {', '.join(missing)}; send the series anew")
        if int(data.get("NumberOfFrames") or 1) > 1:
            raise ReadError(
                path,
                f"holds {data.NumberOfFrames} frames; expected one slice per file: convert the "
                "enhanced series to classic images",
            )
        spaces.setdefault(str(data.FrameOfReferenceUID), path)
    if len(spaces) > 1:
        one, other = list(spaces.values())[:2]
        raise ReadError(other, f"its FrameOfReferenceUID is not that of {one.name}; expected one")
