"""Manifest rows of a patient's volumes: which are refused, and what the others hold."""

from collections.abc import Sequence
from difflib import get_close_matches

from fusion.data.cohort import Entry
from fusion.data.readers.volume import VolumeFile, read_mask, read_volume
from fusion.errors import Fault, ReadError
from fusion.types import PatientId

MASK = "mask"
"""The sequence that holds labels and is never a channel."""


def row_faults(rows: Sequence[Entry], sequences: Sequence[str]) -> list[Fault]:
    """What is wrong with the rows themselves; no file is opened."""
    faults, lines = [], dict[str, int]()
    for entry in rows:
        name = entry.sequence
        if name is None or name not in {*sequences, MASK}:
            known = {known.casefold(): known for known in (*sequences, MASK)}
            near = get_close_matches((name or "").casefold(), known, 1)
            hint = f"did you mean {known[near[0]]!r}? " if near else ""
            found = "no sequence is given" if name is None else f"unknown sequence {name!r}"
            message = (
                f"{found}; {hint}the configuration names {list(sequences)}: correct the row, "
                "take it out, or add the sequence to the configuration"
            )
        elif name in lines:
            message = (
                f"a second file for {name!r} (the first is in line {lines[name]}); keep one, or "
                "give the other time point or region a modality of its own"
            )
        else:
            lines[name] = entry.line
            continue
        faults.append(Fault(message, "manifest.csv", entry.line, entry.patient_id))
    if rows and not faults and not lines.keys() - {MASK}:
        message = f"only a mask; give at least one of {list(sequences)}"
        faults.append(Fault(message, "manifest.csv", rows[0].line, rows[0].patient_id))
    return faults


def read_row(entry: Entry) -> VolumeFile:
    """The file of one row.

    Raises:
        ReadError: where it cannot be used.
    """
    read = read_mask if entry.sequence == MASK else read_volume
    return read(entry.path, entry.patient_id)


def file_faults(rows: Sequence[Entry]) -> list[Fault]:
    """Every file that cannot be used by itself."""
    faults = []
    for entry in rows:
        try:
            read_row(entry)
        except ReadError as error:
            faults.append(as_fault(error, entry.patient_id, rows))
    return faults


def as_fault(error: ReadError, patient: PatientId, rows: Sequence[Entry]) -> Fault:
    """The error with the manifest line of its file."""
    line = next((entry.line for entry in rows if entry.path == error.path), None)
    return Fault(f"{error.path}: {error.message}", "manifest.csv", line, patient)
