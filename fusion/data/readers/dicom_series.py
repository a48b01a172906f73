"""The files of one DICOM series -> an array with its grid and its unit, or a refusal."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from jaxtyping import Float32, Float64

from fusion.data.readers.dicom_file import read_header, understood, whole_number
from fusion.data.readers.dicom_frames import Frame, frames
from fusion.data.readers.dicom_grid import stack
from fusion.data.readers.dicom_pixels import MAX_PIXELS, stored_pixels
from fusion.data.readers.dicom_privacy import telling
from fusion.data.readers.dicom_suv import suv_factor
from fusion.errors import ReadError

UNITS = {"CT": "HU", "MR": "as stored", "PT": "SUVbw"}


@dataclass(frozen=True)
class DicomVolume:
    """One series; slices by place, nothing flipped or resampled."""

    array: Float32[np.ndarray, "columns rows slices"]
    affine: Float64[np.ndarray, "4 4"]
    """Voxel index -> millimetres in RAS+ space."""
    unit: str
    """`HU`, `SUVbw` (g/ml), or `as stored`: MR has none."""
    notes: tuple[str, ...]
    """What is odd, and no reason to refuse."""
    telling: dict[tuple[str, str], tuple[Path, ...]]
    """Category and name of each tag that may tell who the patient is -> the files that have it."""


def read_series(paths: Sequence[Path], patient: str | None) -> DicomVolume:
    """Read the files of one series, whatever their names and order.

    Raises:
        ReadError: for files of several series, whatever `frames`, `stack`, `stored_pixels` and
            `suv_factor` refuse, and values that are not finite or all the same.
    """
    if not paths:
        raise ReadError("", "no file at all; name the files of a series", patient)
    headers = {path: read_header(path, patient) for path in sorted(paths)}
    _check_one_series(headers, patient)
    slices: list[Frame] = []
    for path, data in headers.items():
        with understood(path, patient):
            slices += frames(data, path, patient)
    found = stack(slices, patient)
    first = next(iter(headers.values()))
    factor = suv_factor(headers, patient) if first.Modality == "PT" else 1.0
    rows, columns = found.frames[0].rows, found.frames[0].columns
    if len(found.frames) * rows * columns > MAX_PIXELS:
        raise ReadError(
            found.frames[0].path,
            f"{len(found.frames)} slices of {rows} x {columns} pixels are more than "
            f"{MAX_PIXELS:,}; map another series",
            patient,
        )
    array = np.empty((columns, rows, len(found.frames)), dtype=np.float32)
    wanted: dict[Path, list[int]] = {}
    for place, frame in enumerate(found.frames):
        wanted.setdefault(frame.path, []).append(place)
    for path, places in wanted.items():
        stored = stored_pixels(path, patient)
        for place in places:
            frame = found.frames[place]
            values = stored[frame.index].astype(np.float64) * frame.slope + frame.intercept
            array[:, :, place] = (values * factor).T
    if not np.isfinite(array).all() or array.min() == array.max():
        raise ReadError(
            found.frames[0].path,
            "the volume is empty (one value everywhere), or not finite; export it again",
            patient,
        )
    return DicomVolume(
        array,
        found.affine,
        UNITS[first.Modality],
        tuple(_notes(headers, patient)),
        _telling(headers, patient),
    )


def _check_one_series(headers: dict[Path, pydicom.Dataset], patient: str | None) -> None:
    by_uid: dict[str, Path] = {}
    for path, data in headers.items():
        with understood(path, patient):
            by_uid.setdefault(f"{data.get('SeriesInstanceUID')} {data.get('Modality')}", path)
    if len(by_uid) > 1:
        uids = [uid.split()[0] for uid in list(by_uid)[:5]]
        raise ReadError(
            list(by_uid.values())[1],
            f"{len(by_uid)} series are mixed: SeriesInstanceUID {', '.join(uids)}; map each by its "
            "series_uid, or put each into a folder of its own",
            patient,
        )


def _notes(headers: dict[Path, pydicom.Dataset], patient: str | None) -> list[str]:
    notes: list[str] = []
    numbered: set[int] = set()
    lossy = False
    for path, data in headers.items():
        with understood(path, patient):
            numbered.add(whole_number(data, "InstanceNumber", 0, path, patient))
            lossy |= str(data.get("LossyImageCompression")) == "01"
    told = sorted(numbered - {0})
    lost = told[-1] - told[0] + 1 - len(told) if told else 0
    if lost and len(told) == len(headers):
        notes.append(
            f"InstanceNumber runs from {told[0]} to {told[-1]} with {lost} left out: is the series "
            "complete?"
        )
    if lossy:
        notes.append("the pixels were once compressed with loss")
    return notes


def _telling(
    headers: dict[Path, pydicom.Dataset], patient: str | None
) -> dict[tuple[str, str], tuple[Path, ...]]:
    found: dict[tuple[str, str], list[Path]] = {}
    for path, data in headers.items():
        with understood(path, patient):
            for pair in telling(data, patient):
                found.setdefault(pair, []).append(path)
    return {pair: tuple(found[pair]) for pair in sorted(found)}
