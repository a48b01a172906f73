"""The pixels of one DICOM file, as stored numbers."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped
from pydicom.pixels import get_decoder

from fusion.data.readers.dicom_file import read_header, understood, whole_number
from fusion.errors import ReadError

MAX_PIXELS = 1 << 30
"""Of one file; more is no scan, or a decompression bomb."""


def stored_pixels(path: Path, patient: str | None) -> Shaped[np.ndarray, "frames rows columns"]:
    """Decode all frames of a file; neither slope nor window is applied.

    Raises:
        ReadError: where the pixels are compressed in a way that no decoder here knows, fewer than
            the header says, or too many.
    """
    data = read_header(path, patient, pixels=True)
    with understood(path, patient):
        count = whole_number(data, "NumberOfFrames", 1, path, patient)
        rows = whole_number(data, "Rows", None, path, patient)
        columns = whole_number(data, "Columns", None, path, patient)
        if not 0 < count * rows * columns <= MAX_PIXELS:
            raise ReadError(
                path,
                f"{count} x {rows} x {columns} pixels, expected up to {MAX_PIXELS:,}; the header "
                "is damaged",
                patient,
            )
        _check_decodable(data.file_meta.get("TransferSyntaxUID"), path, patient)
        array: Any = data.pixel_array
    array = np.asarray(array)
    if array.size != count * rows * columns:
        raise ReadError(
            path,
            f"{array.size:,} pixels, expected {count} x {rows} x {columns}; send it anew",
            patient,
        )
    return array.reshape(count, rows, columns)


def _check_decodable(syntax: Any, path: Path, patient: str | None) -> None:
    if syntax is None:
        raise ReadError(path, "TransferSyntaxUID is missing; send it anew", patient)
    try:
        known = bool(get_decoder(syntax).is_available)
    except NotImplementedError:
        known = False
    if not known:
        raise ReadError(
            path,
            f"the pixels are compressed as {syntax.name}, for which there is no decoder; "
            "pip install 'fusion-onco[dicom]', or decompress with `gdcmconv --raw IN OUT`",
            patient,
        )
