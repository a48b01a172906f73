"""`manifest.csv`: which files each patient has."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fusion.data.confine import confined_file
from fusion.data.entry import Entry
from fusion.data.identifiers import modality_problem, patient_problem
from fusion.data.label_scheme import label_scheme
from fusion.data.region_cells import region_faults, region_place, region_problem
from fusion.data.repetition import center_faults, file_faults
from fusion.data.sheet import Row, number, read_sheet
from fusion.data.table_keys import TABLE_SUFFIXES, key_faults
from fusion.errors import ConfigError, Fault
from fusion.types import Center, Modality, PatientId

REQUIRED = ("patient_id", "center", "modality", "path")
"""Columns that every manifest has."""

OPTIONAL = (
    *("key", "sequence", "label_scheme", "mpp", "tissue_mask"),
    *("region", "region_label", "region_mm", "time_days"),
)
"""Columns that a manifest may have."""


MASK_SUFFIXES = (".geojson", ".json", ".png")
"""Of files that hold where the tissue of a slide is."""


@dataclass
class Manifest:
    """What could be read, and everything that is wrong with it."""

    centers: dict[PatientId, Center] = field(default_factory=dict)
    entries: dict[PatientId, dict[Modality, list[Entry]]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    """First line of every id, unusable ones included."""
    bare: dict[PatientId, int] = field(default_factory=dict)
    """Line of each row that names a patient and no file."""
    faults: list[Fault] = field(default_factory=list)


def read_manifest(path: Path, root: Path) -> Manifest:
    """Read and validate a manifest whose paths are relative to `root`, an absolute folder."""
    sheet = read_sheet(path, REQUIRED, OPTIONAL)
    found = Manifest(faults=list(sheet.faults))
    if "patient_id" not in sheet.columns:
        return found
    files: dict[str, Path | str] = {}
    first: dict[tuple[str, ...], int] = {}
    for row in sheet.rows:
        cells = tuple(row.cells.values())
        if cells in first:
            found.faults.append(Fault(f"the same row as line {first[cells]}", path.name, row.line))
        else:
            first[cells] = row.line
            _read_row(row, root, files, found, path.name)
    entries = [e for modalities in found.entries.values() for m in modalities.values() for e in m]
    found.faults += file_faults(entries, found.bare, path.name)
    found.faults += center_faults(found.centers, found.lines, path.name)
    found.faults += key_faults(entries, path.name) + region_faults(entries, path.name)
    found.faults.sort(key=lambda fault: fault.line or 0)
    return found


def _read_row(
    row: Row, root: Path, files: dict[str, Path | str], found: Manifest, name: str
) -> None:
    """Add one row to what was found; `files` remembers each path, so that it is looked at once."""
    cells = row.cells
    raw = cells["patient_id"].strip()
    found.lines.setdefault(raw, row.line)
    known = None if patient_problem(cells["patient_id"]) else raw
    problems = [patient_problem(raw), _center_problem(cells, found, known)]
    numbers, number_problems = _numbers(cells)
    problems += number_problems
    place: Path | str | None = None
    drawn: Path | str | None = None
    if cells.get("modality") and cells.get("path"):
        problems.append(modality_problem(cells["modality"]))
        place = files.get(cells["path"])
        if place is None:
            place = files[cells["path"]] = _locate(cells["path"], root)
        problems.append(place if isinstance(place, str) else _key_problem(cells, place))
        if cells.get("tissue_mask"):
            drawn = _locate(cells["tissue_mask"], root)
        problems += [_mask_problem(drawn, place), _scheme_problem(cells), region_problem(cells)]
    elif {"modality", "path"} <= cells.keys():
        problems.append(_blank_problem(cells))
    problems = [p for p in problems if p]
    found.faults += [Fault(p, name, row.line, known) for p in problems if p]
    if known is None:
        return
    patient = PatientId(known)
    center = found.centers.setdefault(patient, Center(cells.get("center", "").strip()))
    modalities = found.entries.setdefault(patient, {})
    if not cells.get("modality") and not cells.get("path"):
        found.bare[patient] = row.line
    if isinstance(place, Path):
        modality = Modality(cells["modality"])
        is_table = place.suffix.lower() in TABLE_SUFFIXES
        entry = Entry(
            patient,
            center,
            modality,
            place,
            row.line,
            key=(cells.get("key") or known) if is_table else None,
            sequence=cells.get("sequence") or None,
            label_scheme=cells.get("label_scheme") or None,
            mpp=numbers["mpp"],
            region=cells.get("region") or None,
            region_label=cells.get("region_label") or None,
            region_mm=at if isinstance(at := region_place(cells), tuple) else None,
            time_days=numbers["time_days"],
            tissue_mask=drawn if isinstance(drawn, Path) else None,
        )
        modalities.setdefault(modality, []).append(entry)


def _center_problem(cells: Mapping[str, str], found: Manifest, patient: str | None) -> str | None:
    center = cells.get("center")
    if center is None:
        return None
    if not center.strip():
        return "center is blank; every patient comes from one"
    first = found.centers.get(PatientId(patient)) if patient else None
    if first and first != center.strip():
        return f"center {center!r} here, {first!r} on line {found.lines[str(patient)]}; keep one"
    return None


def _numbers(cells: Mapping[str, str]) -> tuple[dict[str, float | None], list[str | None]]:
    values: dict[str, float | None] = {"mpp": None, "time_days": None}
    problems: list[str | None] = []
    for column in values:
        cell = cells.get(column, "").strip()
        value = number(cell) if cell else None
        if isinstance(value, str):
            problems.append(f"{column} {value}")
        elif value is not None and column == "mpp" and value <= 0:
            problems.append(f"mpp {cell} is not above zero; give microns per pixel, such as 0.25")
        elif value is not None and column == "time_days" and value < 0:
            problems.append(
                f"time_days {cell} is below zero; count from the diagnosis or the first "
                f"acquisition, whichever came first"
            )
        else:
            values[column] = value
    return values, problems


def _locate(text: str, root: Path) -> Path | str:
    try:
        return confined_file(text, root)
    except ValueError as error:
        return str(error)


def _key_problem(cells: Mapping[str, str], path: Path) -> str | None:
    if cells.get("key") and path.suffix.lower() not in TABLE_SUFFIXES:
        return f"key {cells['key']!r} of a file that is no table ({', '.join(TABLE_SUFFIXES)})"
    return None


def _scheme_problem(cells: Mapping[str, str]) -> str | None:
    name = cells.get("label_scheme")
    if not name:
        return None
    if cells.get("sequence") != "mask":
        return f"label_scheme {name!r} of a row whose sequence is not `mask`; leave it blank"
    try:
        label_scheme(name)
    except ConfigError as error:
        return str(error)
    return None


def _mask_problem(drawn: Path | str | None, path: Path | str) -> str | None:
    if isinstance(drawn, str):
        return f"tissue_mask: {drawn}"
    if drawn is None or isinstance(path, str):
        return None
    if drawn.suffix.lower() not in MASK_SUFFIXES:
        return f"tissue_mask {drawn.name!r} is none of {', '.join(MASK_SUFFIXES)}"
    if path.name.lower().endswith((*TABLE_SUFFIXES, ".nii", ".nii.gz")):
        return f"tissue_mask of {path.name!r}, which is no slide"
    return None


def _blank_problem(cells: Mapping[str, str]) -> str | None:
    """A row without modality and path is a patient without files; half of that is a slip."""
    for given, blank in (("modality", "path"), ("path", "modality")):
        if cells[given]:
            return f"{given} {cells[given]!r} without a {blank}; fill in or blank both"
    extra = [c for c in OPTIONAL if cells.get(c)]
    return f"{extra[0]} without a modality and a path" if extra else None
