"""Which reader a manifest row is for. The manifest does not say: the file's name does."""

from collections import defaultdict

from fusion.data.cohort import Cohort
from fusion.data.entry import Entry
from fusion.doctor.finding import FAULT, Finding, about

VOLUME, SLIDE, TABLE = "volume", "slide", "table"


def kind_of(entry: Entry) -> str:
    """`volume`, `slide` or `table`.

    A row with a sequence is a volume whatever its name is, so that a scan in a format that is
    not read is refused as a volume and not as a slide.
    """
    if entry.key is not None:
        return TABLE
    if entry.sequence or entry.path.name.lower().endswith((".nii", ".nii.gz")):
        return VOLUME
    return SLIDE


def place_of(entry: Entry, cohort: Cohort) -> str:
    """The file as the manifest writes it."""
    return entry.path.relative_to(cohort.root).as_posix()


def entries_of(cohort: Cohort) -> list[Entry]:
    """Every row of the manifest that names a file, by line."""
    rows = [e for m in cohort.entries.values() for rows in m.values() for e in rows]
    return sorted(rows, key=lambda entry: entry.line)


def kinds_of(cohort: Cohort) -> dict[str, str]:
    """Modality -> the kind of its first file."""
    kinds: dict[str, str] = {}
    for entry in entries_of(cohort):
        kinds.setdefault(entry.modality, kind_of(entry))
    return dict(sorted(kinds.items()))


def mixed_kinds(cohort: Cohort) -> list[Finding]:
    """Modalities that hold files of two kinds: no reader takes both."""
    first: dict[str, dict[str, Entry]] = defaultdict(dict)
    for entry in entries_of(cohort):
        first[entry.modality].setdefault(kind_of(entry), entry)
    found = []
    for modality, kinds in first.items():
        (kind, start), *others = kinds.items()
        for other, entry in others:
            message = (
                f"a {other} in modality {modality!r}, whose first file (line {start.line}) is a "
                f"{kind}; give each kind of file a modality of its own"
            )
            found.append(about(entry, FAULT, "kind", message, place_of(entry, cohort)))
    return found
