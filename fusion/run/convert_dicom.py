"""A folder of DICOM series and a list that says what they are -> a cohort folder of NIfTI."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.progress import Progress, track

from fusion.data.readers.dicom_mapping import Declared, read_mapping
from fusion.data.readers.dicom_scan import Found, scan
from fusion.errors import CohortError, Fault, ReadError
from fusion.report.publish import publish, to_csv
from fusion.run.dicom_record import Written, convert_series

MANIFEST, OURS = "manifest.csv", "manifest.dicom.csv"


@dataclass(frozen=True)
class Converted:
    """What there is to look at."""

    table: Path
    """A row per image: unit, shape, spacing, notes."""
    manifest: Path
    """`manifest.csv`, or `manifest.dicom.csv` where another manifest stands already."""
    images: int
    unmapped: int
    """Series that no row speaks of."""
    telling: pd.DataFrame
    """category, tag, files, first_file, patient_id; of what may tell who a patient is."""


def list_series(source: Path, out: Path) -> Path:
    """Write `series.csv`: a row per series, to be filled in; rows that are not wanted go.

    Raises:
        CohortError: with every file that cannot be read, or where there is no series.
        ReadError: where there is no such folder.
        ReportError: where the list cannot be written.
    """
    found = _scanned(source, out)
    rows = [
        {
            "folder": series.folder,
            "series_uid": series.series_uid,
            "description": series.description,
            "kind": series.kind,
            "files": len(series.files),
            "patient_id": "",
            "center": "",
            "modality": "",
            "sequence": "",
            "time_days": "",
        }
        for series in found
    ]
    path = out / "series.csv"
    if path.exists():
        raise ReadError(path, "is there already, perhaps filled in; use it, or name another folder")
    return publish(path, to_csv(pd.DataFrame(rows)))


def convert_dicom(source: Path, mapping: Path, out: Path) -> Converted:
    """Write an image per row of the mapping, then the manifest's rows; go on where it stopped.

    A series that is refused does not keep the others from being written, but there is no manifest
    before every row of the mapping has its image: correct or delete the row, and call again.

    Raises:
        CohortError: with all faults of the mapping, of files, or of series.
        ReadError: where there is no such folder.
        ReportError: where a table cannot be written.
    """
    found = _scanned(source, out)
    declared = read_mapping(mapping, found)
    written: list[Written] = []
    faults: list[Fault] = []
    for one in track(declared, "series", console=Console(stderr=True)):
        try:
            written.append(convert_series(one, source, out))
        except ReadError as error:
            place = _below(error.path, source)
            faults.append(Fault(f"{place}: {error.message}", mapping.name, one.line, one.patient))
    if faults:
        raise CohortError(mapping.parent, faults)
    telling = [
        {"category": c, "tag": t, "files": n, "first_file": f, "patient_id": one.patient}
        for one, image in zip(declared, written, strict=True)
        for c, t, n, f in image.telling
    ]
    columns = ["category", "tag", "files", "first_file", "patient_id"]
    table = pd.DataFrame(telling, columns=columns)
    publish(out / "deidentification.csv", to_csv(table))
    used = {file for one in declared for file in one.files}
    unmapped = sum(not used & set(series.files) for series in found)
    return Converted(
        publish(out / "images.csv", to_csv(_images(declared, written))),
        _manifest(declared, out),
        len(written),
        unmapped,
        table,
    )


def _scanned(source: Path, out: Path) -> list[Found]:
    if out.resolve().is_relative_to(source.resolve()):
        raise ReadError(out, f"lies in the source, {source}; name a folder outside of it")
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("headers", total=None)
        found, refused = scan(source, lambda _: progress.advance(bar))
    faults = [Fault(error.message, _below(error.path, source)) for error in refused]
    if not found and not faults:
        faults = [Fault("no DICOM file in it or below; name the folder that holds them")]
    if faults:
        raise CohortError(source, faults)
    return found


def _below(path: Path, source: Path) -> str:
    return path.relative_to(source).as_posix() if path.is_relative_to(source) else path.as_posix()


def _images(declared: Sequence[Declared], written: Sequence[Written]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "patient_id": one.patient,
                "sequence": one.sequence,
                "path": one.path.as_posix(),
                "unit": image.unit,
                "files": len(one.files),
                "shape": " x ".join(map(str, image.shape)),
                "spacing_mm": " x ".join(f"{side:g}" for side in image.spacing_mm),
                "notes": "; ".join(image.notes),
            }
            for one, image in zip(declared, written, strict=True)
        ]
    )


def _manifest(declared: Sequence[Declared], out: Path) -> Path:
    """`manifest.csv` where there is none, or one that we wrote; a manifest by hand stays."""
    rows = [
        {
            "patient_id": one.patient,
            "center": one.center,
            "modality": one.modality,
            "path": one.path.as_posix(),
            "sequence": one.sequence,
            "time_days": one.time_days,
        }
        for one in declared
    ]
    # as declared, letter by letter: guards against spreadsheets would change names
    content = pd.DataFrame(rows).to_csv(index=False, lineterminator="\n").encode()
    ours, manifest = out / OURS, out / MANIFEST
    mine = ours.is_file() and manifest.is_file() and ours.read_bytes() == manifest.read_bytes()
    publish(ours, content)
    return publish(manifest, content) if mine or not manifest.exists() else ours
