"""PET: from activity to the standardised uptake value by body weight (SUVbw)."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pydicom

from fusion.data.readers.dicom_file import numbers, understood
from fusion.errors import ReadError

MAX_HALF_LIVES = 10.0
"""From injection to scan; more is a wrong date."""


def suv_factor(headers: Mapping[Path, pydicom.Dataset], patient: str | None) -> float:
    """What a PET series is multiplied with to be SUVbw, in g/ml.

    With units BQML: weight_g / (dose_bq * 2 ** -(decay_s / half_life_s)), where the decay runs from
    injection to the start of the series (DecayCorrection START), or not at all (ADMIN: the image
    is corrected to the injection). With units GML and SUVType BW or none the values are SUVbw.

    Args:
        headers: of every file of the series, which must agree.
        patient: named in refusals.

    Raises:
        ReadError: where units, corrections, weight, dose, half-life or times are missing, cannot
            be, or differ between files.

    Source:
        Vendor-neutral pseudo-code of the QIBA FDG-PET profile (RSNA, 2013); DICOM PS3.3 C.8.9.
    """
    found: dict[Path, tuple[float, datetime | None]] = {}
    for path, data in headers.items():
        with understood(path, patient):
            found[path] = _of_file(data, path, patient)
    path, (factor, start) = next(iter(found.items()))
    for other, told in found.items():
        if told != (factor, start):
            raise ReadError(
                other,
                f"weight, dose, times or units are not those of {path.name}; a series has one of "
                "each: correct the export",
                patient,
            )
    if start is None:
        return factor
    for other, data in headers.items():
        with understood(other, patient):
            acquired = _moment(data, "Acquisition", other, patient)
        if acquired < start:
            raise ReadError(
                other,
                "was acquired before the series began (SeriesTime), as after a later "
                "reconstruction, so the time of the decay correction is not known; export the "
                "original series",
                patient,
            )
    return factor


def _of_file(
    data: pydicom.Dataset, path: Path, patient: str | None
) -> tuple[float, datetime | None]:
    """The factor, and the time to which decay is corrected where that is the series' start."""
    units = data.get("Units")
    if units == "GML" and data.get("SUVType") in (None, "", "BW"):
        return 1.0, None
    correction = data.get("DecayCorrection")
    corrected = data.get("CorrectedImage") or []
    corrected = [corrected] if isinstance(corrected, str) else list(corrected)
    missing = [name for name in ("ATTN", "DECY") if name not in corrected]
    problem = None
    if units != "BQML":
        problem = f"Units is {str(units)[:8]!r}, expected BQML (or GML with SUVType BW)"
    elif missing:
        problem = f"CorrectedImage lacks {' and '.join(missing)}"
    elif correction not in ("START", "ADMIN"):
        problem = f"DecayCorrection is {str(correction)[:8]!r}, expected START or ADMIN"
    elif len(data.get("RadiopharmaceuticalInformationSequence") or []) != 1:
        problem = "RadiopharmaceuticalInformationSequence is missing or has several items"
    if problem:
        raise ReadError(path, f"{problem}: no SUV; export the corrected original series", patient)
    drug = data.RadiopharmaceuticalInformationSequence[0]
    weight_kg = _within(data, "PatientWeight", 0.3, 500.0, "kg", path, patient)
    dose_bq = _within(drug, "RadionuclideTotalDose", 1e5, 1e11, "Bq", path, patient)
    half_life_s = _within(drug, "RadionuclideHalfLife", 1.0, 1e9, "s", path, patient)
    if correction == "ADMIN":
        return weight_kg * 1000 / dose_bq, None
    start = _moment(data, "Series", path, patient)
    decay_s = (start - _injection(drug, start, path, patient)).total_seconds()
    if not 0 <= decay_s <= MAX_HALF_LIVES * half_life_s:
        raise ReadError(
            path,
            f"the injection lies {decay_s:.0f} s before the scan, expected 0 to {MAX_HALF_LIVES:g} "
            "half-lives; a date was changed, or the scan ran past midnight: give "
            "RadiopharmaceuticalStartDateTime",
            patient,
        )
    return weight_kg * 1000 / (dose_bq * 2 ** (-decay_s / half_life_s)), start


def _within(
    data: pydicom.Dataset,
    keyword: str,
    low: float,
    high: float,
    unit: str,
    path: Path,
    patient: str | None,
) -> float:
    if data.get(keyword) in (None, ""):
        raise ReadError(
            path, f"{keyword} is missing: no SUV; ask for an export that keeps it", patient
        )
    value = numbers(data, keyword, 1, path, patient)[0]
    if not low <= value <= high:
        raise ReadError(
            path,
            f"{keyword} is {value:g}, expected {low:g} to {high:g} {unit}; is it in another unit?",
            patient,
        )
    return value


def _injection(drug: pydicom.Dataset, start: datetime, path: Path, patient: str | None) -> datetime:
    if whole := str(drug.get("RadiopharmaceuticalStartDateTime") or ""):
        return _parsed(whole, "RadiopharmaceuticalStartDateTime", path, patient)
    clock = str(drug.get("RadiopharmaceuticalStartTime") or "")
    return _parsed(f"{start:%Y%m%d}{clock}", "RadiopharmaceuticalStartTime", path, patient)


def _moment(data: pydicom.Dataset, what: str, path: Path, patient: str | None) -> datetime:
    text = f"{data.get(f'{what}Date') or ''}{data.get(f'{what}Time') or ''}"
    return _parsed(text, f"{what}Date and {what}Time", path, patient)


def _parsed(text: str, what: str, path: Path, patient: str | None) -> datetime:
    """YYYYMMDDHHMMSS with a fraction; times with a zone are refused, for the others have none."""
    match = re.fullmatch(r"(\d{14})(\.\d{1,6})?", text.strip())
    try:
        moment = datetime.strptime(match[1], "%Y%m%d%H%M%S") if match else None
    except ValueError:
        moment = None
    if match is None or moment is None:
        raise ReadError(
            path,
            f"{what} is missing, or not a date with a time to the second without a zone: no SUV; "
            "keep times when de-identifying (shift dates, do not blank them)",
            patient,
        )
    return moment + timedelta(seconds=float(match[2] or 0))
