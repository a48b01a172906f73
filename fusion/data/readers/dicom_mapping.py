"""`series.csv`: which series is which sequence of which patient, as somebody declared it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fusion.data.identifiers import modality_problem, patient_problem
from fusion.data.readers.dicom_scan import Found
from fusion.data.sheet import Row, number, read_sheet
from fusion.errors import CohortError, Fault

DECLARED = ("patient_id", "center", "modality", "sequence")
"""Columns that are needed, every cell of them filled in."""

WHICH = ("folder", "series_uid", "description")
"""Columns that say which series a row is about; one of the last two is needed."""

FURTHER = ("time_days", "kind", "files")
"""`time_days` goes to the manifest; `kind` and `files` are there to be looked at."""

_SEQUENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True)
class Declared:
    """One row: a series and what it is."""

    line: int
    patient: str
    center: str
    modality: str
    sequence: str
    time_days: str
    """As written, or blank."""
    files: tuple[Path, ...]

    @property
    def path(self) -> PurePosixPath:
        """Of the image, in the cohort folder."""
        day = f"_day{self.time_days}" if self.time_days else ""
        return PurePosixPath("images", self.patient, f"{self.modality}_{self.sequence}{day}.nii.gz")


def read_mapping(path: Path, found: Sequence[Found]) -> list[Declared]:
    """Find the one series that each row is about.

    A row names a `series_uid`, or a `description` that one series alone has in its `folder` (and
    the folders below; blank: anywhere). Nothing is matched in part, and case counts.

    Raises:
        CohortError: with every row that names no series, or several, or one that another row
            names; with ids, modalities and sequences that cannot be, and with two rows that would
            write one file.
    """
    if not path.is_file():
        raise CohortError(path.parent, [Fault("no such file; leave mapping=... away", path.name)])
    sheet = read_sheet(path, DECLARED, (*WHICH, *FURTHER))
    faults = list(sheet.faults)
    declared: list[Declared] = []
    lines: dict[str, int] = {}
    for row in () if set(DECLARED) - set(sheet.columns) else sheet.rows:
        matches = _matches(row, found)
        one = _declared(row, matches)
        problems = [*_problems(row), _match_problem(row, matches)]
        taken = {f"file {one.path}".casefold(): "would be written by"}
        taken |= {f"series {match.series_uid}": "is named by" for match in matches[:1]}
        for what, how in taken.items():
            first = lines.setdefault(what, row.line)
            if first != row.line:
                problems.append(f"{what} {how} line {first} as well; keep one row, or name another")
        faults += [Fault(p, path.name, row.line, row.cells["patient_id"]) for p in problems if p]
        declared.append(one)
    if faults:
        raise CohortError(path.parent, faults)
    return declared


def _declared(row: Row, matches: Sequence[Found]) -> Declared:
    cells = row.cells
    # a series may lie in several folders; its identifier holds it together
    files = tuple(sorted(file for match in matches for file in match.files))
    return Declared(
        line=row.line,
        patient=cells["patient_id"],
        center=cells["center"],
        modality=cells["modality"],
        sequence=cells["sequence"],
        time_days=cells.get("time_days", ""),
        files=files,
    )


def _matches(row: Row, found: Sequence[Found]) -> list[Found]:
    folder, uid, description = (row.cells.get(name, "") for name in WHICH)
    place = PurePosixPath(folder or ".")
    return [
        series
        for series in found
        if (uid or description)
        and PurePosixPath(series.folder).is_relative_to(place)
        and uid in ("", series.series_uid)
        # the list that we write guards a leading sign against spreadsheets by an apostrophe
        and description in ("", series.description, f"'{series.description}")
    ]


def _match_problem(row: Row, matches: Sequence[Found]) -> str | None:
    folder, uid, description = (row.cells.get(name, "") for name in WHICH)
    what = f"series_uid {uid}" if uid else f"description {description!r}"
    place = f" in {folder!r}" if folder else ""
    uids = sorted({match.series_uid for match in matches})
    if not uid and not description:
        return "neither series_uid nor description; say which series this is"
    if not uids:
        return f"no series has {what}{place}; compare with the list that a call without mapping is"
    if len(uids) > 1:
        return (
            f"{len(uids)} series have {what}{place}: {', '.join(uids[:5])}; name one by its "
            "series_uid, or give its folder"
        )
    return None


def _problems(row: Row) -> list[str | None]:
    cells = row.cells
    time = number(cells["time_days"]) if cells.get("time_days") else 0.0
    if isinstance(time, float) and time < 0:
        time = "is below zero; count from the diagnosis"
    sequence = cells["sequence"]
    return [
        patient_problem(cells["patient_id"]),
        None if cells["center"] else "center is blank; every patient comes from one",
        modality_problem(cells["modality"]),
        f"time_days {time}" if isinstance(time, str) else None,
        None
        if _SEQUENCE.fullmatch(sequence) and sequence != "mask"
        else f"sequence {sequence[:80]!r} is not allowed; use letters, digits, '.', '_', '-', such "
        "as T1c (and never `mask`)",
    ]
