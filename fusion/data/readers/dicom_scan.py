"""A folder of DICOM files -> its series, told apart by their identifiers alone."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from fusion.data.readers.dicom_file import read_header, understood
from fusion.errors import ReadError

BESIDE = ("dicomdir", "license", ".ds_store", "thumbs.db")
BESIDE_SUFFIXES = (".txt", ".csv", ".json", ".xml", ".md", ".pdf", ".html", ".xlsx")
"""Files that archives put beside images; any other file that is no DICOM is refused."""

_TOLD = ("SeriesInstanceUID", "SeriesDescription", "Modality")


@dataclass
class Found:
    """One series in one folder."""

    folder: str
    """Below the source, with forward slashes; `.` is the source itself."""
    series_uid: str
    description: str
    kind: str
    """`MR`, `CT`, `PT`, `SR`, ..."""
    files: list[Path] = field(default_factory=list)


def scan(
    source: Path, seen: Callable[[Path], None] = lambda _: None
) -> tuple[list[Found], list[ReadError]]:
    """Read every header below a folder; links to folders are not followed.

    Args:
        source: where to look.
        seen: called with each file, for a progress bar.

    Returns:
        The series by folder and identifier, and the files that cannot be read, each with a reason.

    Raises:
        ReadError: where there is no such folder.
    """
    if not source.is_dir():
        raise ReadError(source, "no such folder; name the folder that holds the DICOM files")
    found: dict[tuple[str, str], Found] = {}
    refused: list[ReadError] = []
    for folder, below, names in os.walk(source):
        below.sort()
        for name in sorted(names):
            path = Path(folder) / name
            seen(path)
            if name.lower() in BESIDE or path.suffix.lower() in BESIDE_SUFFIXES:
                continue
            try:
                data = read_header(path, None)
                with understood(path, None):
                    uid, description, kind = (str(data.get(name) or "").strip() for name in _TOLD)
            except ReadError as error:
                refused.append(error)
                continue
            place = Path(folder).relative_to(source).as_posix()
            if not uid:
                refused.append(
                    ReadError(path, "SeriesInstanceUID is missing; send it anew from the archive")
                )
                continue
            series = found.setdefault((place, uid), Found(place, uid, description, kind))
            series.files.append(path)
    return list(found.values()), refused
