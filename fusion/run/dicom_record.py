"""What was written of a series, beside the image, so that a stopped conversion goes on."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fusion.data.readers.dicom_mapping import Declared
from fusion.data.readers.dicom_nifti import write_nifti
from fusion.data.readers.dicom_series import read_series
from fusion.report.publish import publish

CODE = 1
"""Raised where the same files give another image."""


@dataclass(frozen=True)
class Written:
    """One image. Nothing in it is a value of a header that may name a patient."""

    key: str
    """Hash of the code's number, the pseudonym and the content of all files of the series."""
    unit: str
    shape: tuple[int, ...]
    spacing_mm: tuple[float, ...]
    notes: tuple[str, ...]
    telling: tuple[tuple[str, str, int, str], ...]
    """Category, tag, how many files have it, and the first of them."""


def convert_series(one: Declared, source: Path, out: Path) -> Written:
    """Write the image of a declared series, unless it is there already, made of the same files.

    Raises:
        ReadError: as `read_series` and `write_nifti`.
        ReportError: where the record cannot be written.
    """
    target = out / one.path
    record = out / "records" / f"{one.patient}.{target.name}.json"
    key = _key(one)
    known = _known(record)
    if known is not None and known.key == key and target.is_file():
        return known
    volume = read_series(one.files, one.patient)
    write_nifti(volume, target, one.patient)
    sides = [float((volume.affine[:3, axis] ** 2).sum() ** 0.5) for axis in range(3)]
    written = Written(
        key,
        volume.unit,
        volume.array.shape,
        tuple(round(side, 4) for side in sides),
        volume.notes,
        tuple(
            (category, tag, len(files), files[0].relative_to(source).as_posix())
            for (category, tag), files in volume.telling.items()
        ),
    )
    publish(record, (json.dumps(asdict(written), indent=1) + "\n").encode())
    return written


def _key(one: Declared) -> str:
    whole = hashlib.sha256(f"{CODE} {one.patient}".encode())
    for path in one.files:
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()


def _known(record: Path) -> Written | None:
    """A record that is torn or of another form is written anew."""
    try:
        told: dict[str, Any] = json.loads(record.read_text())
        lists = ("shape", "spacing_mm", "notes")
        told |= {name: tuple(told[name]) for name in lists}
        told["telling"] = tuple((c, t, int(n), f) for c, t, n, f in told["telling"])
        return Written(**told)
    except (OSError, ValueError, TypeError, KeyError):
        return None
