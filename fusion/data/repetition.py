"""What stands twice in a manifest, or contradicts itself across rows."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from fusion.data.entry import Entry
from fusion.errors import Fault
from fusion.types import Center, PatientId


def file_faults(entries: Iterable[Entry], bare: Mapping[PatientId, int], name: str) -> list[Fault]:
    """One file (or table row) listed twice, given to two patients, or beside a row without file."""
    faults = []
    owner: dict[tuple[Path, str | None], Entry] = {}
    listed: dict[tuple[Path, str | None, str], Entry] = {}
    holders: dict[PatientId, int] = {}
    for entry in sorted(entries, key=lambda entry: entry.line):
        holders.setdefault(entry.patient_id, entry.line)
        what = f"{entry.path.name}" + (f" row {entry.key!r}" if entry.key else "")
        first = owner.setdefault((entry.path, entry.key), entry)
        if first.patient_id != entry.patient_id:
            message = (
                f"{what} belongs to patient {first.patient_id} on line {first.line}; "
                f"a file or table row has one patient"
            )
            faults.append(Fault(message, name, entry.line, entry.patient_id))
            continue
        same = listed.setdefault((entry.path, entry.key, entry.modality), entry)
        if same is not entry:
            message = f"{what} is listed as {entry.modality} on line {same.line} already"
            faults.append(Fault(message, name, entry.line, entry.patient_id))
    for patient, line in bare.items():
        if patient in holders:
            message = f"a row without a file, but a file on line {holders[patient]}; delete the row"
            faults.append(Fault(message, name, line, patient))
    return faults


def center_faults(
    centers: Mapping[PatientId, Center], lines: Mapping[str, int], name: str
) -> list[Fault]:
    """One hospital in two spellings, told by capitals: it would be split as two."""
    faults = []
    spellings: dict[str, tuple[Center, int]] = {}
    reported: set[Center] = set()
    for patient, center in centers.items():
        first, line = spellings.setdefault(center.casefold(), (center, lines[patient]))
        if first != center and center not in reported:
            reported.add(center)
            message = f"center {center!r} here, {first!r} on line {line}; use one spelling"
            faults.append(Fault(message, name, lines[patient], patient))
    return faults
