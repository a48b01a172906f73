"""Where the slices of one DICOM series lie: headers alone, no pixels."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import dcmread

from fusion.errors import ReadError
from fusion.report.dicom_seg_grid import TOLERANCE_VOXELS, Grid

SAME = ("Rows", "Columns", "PixelSpacing", "ImageOrientationPatient", "FrameOfReferenceUID")
NEEDED = ("SOPInstanceUID", "SOPClassUID", "StudyInstanceUID", "ImagePositionPatient", *SAME)

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
        ReadError: for no series or several, images of several frames, without a place in the
            patient, of different sizes or directions, two at one place, or uneven gaps.
    """
    images = _headers(folder)
    series = sorted({str(image.get("SeriesInstanceUID")) for image in images})
    if len(series) != 1:
        found = "no DICOM image" if not series else f"{len(series)} series ({', '.join(series)})"
        raise ReadError(folder, f"expected the images of one series, found {found}")
    for image in images:
        _check(image, images[0])
    row, column = np.array(images[0].ImageOrientationPatient, dtype=float).reshape(2, 3)
    normal = np.cross(row, column)
    images.sort(key=lambda image: float(normal @ _place(image)))
    places = np.array([_place(image) for image in images])
    if len(images) < 2:
        raise ReadError(folder, "one image has no spacing between slices; expected 2 or more")
    step = (places[-1] - places[0]) / (len(images) - 1)
    for image in images:
        if not image.get("SliceThickness"):  # may be empty, and highdicom wants a number
            image.SliceThickness = round(float(np.linalg.norm(step)), 6)
    down, along = (float(edge) for edge in images[0].PixelSpacing)
    _check_gaps(folder, images, places, step, smallest=min(down, along))
    lps = np.eye(4)
    lps[:3] = np.stack([row * along, column * down, step, places[0]], axis=1)
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ lps
    shape = (int(images[0].Columns), int(images[0].Rows), len(images))
    return SourceSeries(folder, tuple(images), Grid(shape, affine))


def _headers(folder: Path) -> list[Any]:
    if not folder.is_dir():
        raise ReadError(folder, "no such folder; give the folder of the source series")
    images = []
    for path in sorted(p for p in folder.iterdir() if p.is_file()):
        with path.open("rb") as file:
            if file.read(132)[128:] != b"DICM" or path.name.upper() == "DICOMDIR":
                continue
        try:
            image = dcmread(path, stop_before_pixels=True)
        except Exception as error:  # pydicom has no base class of its own
            raise ReadError(path, f"damaged ({error}); copy or export it again") from error
        if not image.get("SeriesInstanceUID"):
            raise ReadError(path, "has no SeriesInstanceUID: torn, or no image; copy it again")
        image.filename = str(path)
        images.append(image)
    return images


def _check(image: Any, first: Any) -> None:
    path = image.filename
    missing = [name for name in NEEDED if image.get(name) in (None, "")]
    if missing:
        raise ReadError(path, f"has no {', '.join(missing)}; expected a slice with its place")
    if int(image.get("NumberOfFrames") or 1) > 1:
        raise ReadError(
            path,
            f"holds {image.NumberOfFrames} frames; expected one slice per file: convert the "
            "enhanced series to classic images",
        )
    for name in SAME:
        ours, theirs = image[name].value, first[name].value
        if name in ("PixelSpacing", "ImageOrientationPatient"):
            same = np.allclose(np.array(ours, float), np.array(theirs, float), atol=1e-4)
        else:
            same = ours == theirs
        if not same:
            raise ReadError(
                path,
                f"{name} is {ours}, and {theirs} in {first.filename}; expected one stack of slices",
            )
    for name in MAY_BE_EMPTY:
        if name not in image:
            setattr(image, name, "")


def _check_gaps(
    folder: Path, images: list[Any], places: np.ndarray, step: np.ndarray, smallest: float
) -> None:
    gap_mm = float(np.linalg.norm(step))
    regular = places[0] + np.arange(len(images))[:, None] * step
    off_mm = np.linalg.norm(places - regular, axis=1)
    if gap_mm > 0 and off_mm.max() <= TOLERANCE_VOXELS * min(smallest, gap_mm):
        return
    gaps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    odd = int(np.abs(gaps - np.median(gaps)).argmax())
    raise ReadError(
        folder,
        f"slices are not evenly spaced: {gaps[odd]:.3f} mm between "
        f"{Path(images[odd].filename).name} and {Path(images[odd + 1].filename).name}, "
        f"{np.median(gaps):.3f} mm elsewhere; a slice is missing or there twice",
    )


def _place(image: Any) -> np.ndarray:
    return np.array(image.ImagePositionPatient, dtype=float)
