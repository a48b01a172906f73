"""Faults that no file has by itself: two files that do not go together."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import chain

import numpy as np

from fusion.data.cohort import Cohort
from fusion.data.entry import Entry
from fusion.data.prepare.volume_rows import MASK
from fusion.doctor.facts import Outcome, RowFacts, SlideFacts, VolumeFacts
from fusion.doctor.finding import FAULT, WARNING, Finding, about
from fusion.doctor.kinds import VOLUME, kind_of, place_of

GRID_TOLERANCE_MM = 1e-3
"""How far two affines may differ, entry by entry: the tolerance of the preparation."""

Facts = VolumeFacts | SlideFacts | RowFacts


def sequence_faults(cohort: Cohort) -> list[Finding]:
    """Rows of volumes that no channel can take."""
    found = []
    for modalities in cohort.entries.values():
        for rows in modalities.values():
            volumes = [row for row in rows if kind_of(row) == VOLUME]
            found += [
                about(row, FAULT, "sequence", problem, place_of(row, cohort))
                for row, problem in _sequence_problems(volumes)
            ]
    return found


def grid_faults(volumes: Sequence[VolumeFacts]) -> list[Finding]:
    """Sequences of one patient and modality that do not lie on one grid."""
    found = []
    for facts in _by_patient(volumes):
        first = facts[0]
        for other in facts[1:]:
            if first.shape == other.shape and _same_grid(first, other):
                continue
            fix = (
                "resample the mask onto the grid of the images, nearest neighbour"
                if other.entry.sequence == MASK
                else "register the patient's sequences to one grid first"
            )
            message = (
                f"its grid is {_shown(other)}, but that of {first.file} (line "
                f"{first.entry.line}) is {_shown(first)}; {fix} (scripts/prepare_mri.py does so)"
            )
            found.append(about(other.entry, FAULT, "grids", message, other.file))
    return found


def duplicates(outcome: Outcome) -> list[Finding]:
    """Files, or rows of numbers, with the same content.

    Of two patients it is a fault: one of them carries the other's image, and if the two are
    divided between training and test, the test is no test. Of one patient it is a warning.
    """
    found = []
    first: dict[tuple[str, str], Facts] = {}
    everything = chain[Facts](outcome.volumes, outcome.slides, outcome.rows)
    for fact in sorted(everything, key=lambda fact: fact.entry.line):
        if not fact.content:
            continue
        kind = "row" if isinstance(fact, RowFacts) else "file"
        twin = first.setdefault((kind, fact.content), fact)
        same_place = (twin.entry.path, twin.entry.key) == (fact.entry.path, fact.entry.key)
        if twin is fact or same_place:  # one file named twice is a fault of the manifest
            continue
        entry, other = fact.entry, twin.entry
        what = f"row {entry.key!r} holds the same numbers as" if kind == "row" else "the same as"
        whose = f"{twin.file} (line {other.line})"
        if entry.patient_id == other.patient_id:
            message = f"{what} {whose} of this patient; is one of them the wrong file?"
            found.append(about(entry, WARNING, "duplicate", message, fact.file))
            continue
        message = (
            f"{what} {whose} of patient {other.patient_id}; one patient under two ids, or a file "
            "copied to the wrong one: find out, and keep one (else it leaks into the test)"
        )
        found.append(about(entry, FAULT, "duplicate", message, fact.file))
    return found


def _sequence_problems(rows: Sequence[Entry]) -> list[tuple[Entry, str]]:
    found, first = [], dict[str, int]()
    for row in rows:
        if row.sequence is None:
            found.append((row, "a volume without a `sequence`; name its channel, such as T1c"))
        elif row.sequence in first:
            message = (
                f"a second {row.sequence!r} (the first is on line {first[row.sequence]}); keep "
                "one, or give the other time point or region a modality of its own"
            )
            found.append((row, message))
        else:
            first[row.sequence] = row.line
    if rows and first.keys() == {MASK} and not found:
        found.append((rows[0], "a mask without any image; add one, or take the mask out"))
    return found


def _by_patient(volumes: Sequence[VolumeFacts]) -> list[list[VolumeFacts]]:
    groups: dict[tuple[str, str], list[VolumeFacts]] = defaultdict(list)
    for fact in volumes:
        groups[(fact.entry.patient_id, fact.entry.modality)].append(fact)
    return list(groups.values())


def _same_grid(a: VolumeFacts, b: VolumeFacts) -> bool:
    known = (a.orientation is None) == (b.orientation is None)
    return known and bool(np.abs(a.affine - b.affine).max() <= GRID_TOLERANCE_MM)


def _shown(facts: VolumeFacts) -> str:
    shape = " x ".join(map(str, facts.shape))
    if facts.spacing_mm is None:
        return f"{shape} voxels without orientation and spacing"
    spacing = " x ".join(f"{s:.4g}" for s in facts.spacing_mm)
    origin = ", ".join(f"{v:.4g}" for v in facts.affine[:3, 3])
    return f"{shape} voxels of {spacing} mm, {facts.orientation}, origin at ({origin})"
