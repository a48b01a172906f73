"""One DICOM file -> its header, or a refusal that says why."""

import logging
import math
import struct
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pydicom
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.uid import DeflatedExplicitVRLittleEndian

from fusion.errors import FusionError, ReadError

_TORN = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    OSError,
    EOFError,
    RuntimeError,
    struct.error,
    InvalidDicomError,
    BytesLengthException,
)
"""What pydicom raises for a file that is not as it should be, seen by damaging every byte."""


def is_dicom(path: Path) -> bool:
    """Whether the file bears the mark of DICOM part 10: `DICM` behind 128 bytes."""
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


@contextmanager
def understood(path: Path, patient: str | None) -> Iterator[None]:
    """Turn whatever pydicom trips over into a refusal, and mute what it says meanwhile.

    Its warnings, log and errors quote what they find wrong, and a header may name the patient.
    Elements are decoded when they are asked for, so that any look at a header can fail.

    Raises:
        ReadError: in place of pydicom's own errors.
    """
    log = logging.getLogger("pydicom")
    was, log.disabled = log.disabled, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except _TORN as error:
        if isinstance(error, FusionError):
            raise
        raise ReadError(
            path, f"truncated or damaged ({type(error).__name__}); send it anew", patient
        ) from None
    finally:
        log.disabled = was


def read_header(path: Path, patient: str | None, *, pixels: bool = False) -> pydicom.Dataset:
    """Read a file's header, and with `pixels` what lies behind it.

    Raises:
        ReadError: for a file that is not DICOM, cannot be opened, is torn, or is deflated.
    """
    try:
        marked = is_dicom(path)
    except OSError as error:
        raise ReadError(
            path, f"cannot be opened ({error.strerror}); scan the folder again", patient
        ) from error
    if not marked:
        raise ReadError(
            path,
            "not a DICOM file (no DICM behind the first 128 bytes); move it out of the folder, "
            "or send it anew from the archive if it is an image",
            patient,
        )
    with understood(path, patient):
        meta = pydicom.filereader.read_file_meta_info(path)
        if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
            # a megabyte of it can unfold to gigabytes, and pydicom unfolds it all at once
            raise ReadError(
                path,
                "the header is deflated (Deflated Explicit VR), which is not read; rewrite it "
                "with `dcmconv +te IN OUT` of DCMTK",
                patient,
            )
        return pydicom.dcmread(path, stop_before_pixels=not pixels)
    raise AssertionError("`understood` returns or raises")


def numbers(
    data: pydicom.Dataset, keyword: str, count: int, path: Path, patient: str | None
) -> tuple[float, ...]:
    """So many finite numbers of one element.

    Raises:
        ReadError: where it is not there, of another length, not a number, or not finite.
    """
    fix = "send the series anew from the scanner or the archive"
    try:
        raw = data.get(keyword)
        many = isinstance(raw, Sequence) and not isinstance(raw, str)
        values = tuple(raw) if many else (raw,)
        absent = not values or raw is None or raw == ""
        found = () if absent else tuple(float(value) for value in values)
    except (ValueError, TypeError, OverflowError):
        raise ReadError(path, f"{keyword} is not a number; {fix}", patient) from None
    if absent:
        raise ReadError(path, f"{keyword} is missing; {fix}", patient)
    if len(found) != count or not all(math.isfinite(value) for value in found):
        shown = ", ".join(f"{value:g}" for value in found)
        raise ReadError(
            path, f"{keyword} is [{shown}], expected {count} finite numbers; {fix}", patient
        )
    return found


def whole_number(
    data: pydicom.Dataset, keyword: str, default: int | None, path: Path, patient: str | None
) -> int:
    """One whole number of 0 or more; `default`, where there is one, stands for an absent element.

    Raises:
        ReadError: where it is something else.
    """
    absent = keyword not in data or data.get_item(keyword).value in (None, "", b"")
    if absent and default is not None:
        return default
    value = numbers(data, keyword, 1, path, patient)[0]
    if value < 0 or value != int(value):
        raise ReadError(
            path, f"{keyword} is {value:g}, expected a whole number; send it anew", patient
        )
    return int(value)
