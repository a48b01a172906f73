"""Who has what: modalities by centre, the combinations that occur, patients with nothing."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from fusion.data.cohort import Cohort
from fusion.doctor.finding import FAULT, WARNING, Finding, count, some
from fusion.doctor.kinds import kinds_of, place_of
from fusion.doctor.table import ALL

NOTHING = "nothing"
"""The combination of a patient who has no modality."""


def centers_of(cohort: Cohort) -> list[str]:
    """All centres, the largest first."""
    counts = Counter(str(center) for center in cohort.centers.values())
    return sorted(counts, key=lambda center: (-counts[center], center))


def modality_table(cohort: Cohort, findings: Sequence[Finding]) -> pd.DataFrame:
    """For each centre and modality: patients who have it, and files.

    `unusable` counts files (or rows of a table that cannot be read) with a fault.
    """
    faulty = {(f.file, f.patient) for f in findings if f.severity == FAULT and f.file}
    records = []
    for center in [ALL, *centers_of(cohort)]:
        mine = [p for p, c in cohort.centers.items() if center in (ALL, c)]
        for modality, kind in kinds_of(cohort).items():
            rows = [cohort.files(modality).get(p, ()) for p in mine]
            having = sum(1 for row in rows if row)
            entries = [entry for row in rows for entry in row]
            records.append(
                {
                    "center": center,
                    "modality": modality,
                    "kind": kind,
                    "center_patients": len(mine),
                    "patients": having,
                    "share": round(having / len(mine), 4),
                    "files": len({(e.path, e.key) for e in entries}),
                    "unusable": len(
                        {
                            (place, e.patient_id)
                            for e in entries
                            if ((place := place_of(e, cohort)), e.patient_id) in faulty
                        }
                    ),
                }
            )
    columns = ["center", "modality", "kind", "center_patients", "patients", "share", "files"]
    return pd.DataFrame(records, columns=[*columns, "unusable"])


def pattern_table(cohort: Cohort) -> pd.DataFrame:
    """How many patients have exactly these modalities, in all and at each centre."""
    centers = centers_of(cohort)
    patterns: dict[str, Counter[str]] = {}
    for patient, center in cohort.centers.items():
        names = sorted(m for m, rows in cohort.entries.get(patient, {}).items() if rows)
        patterns.setdefault(" + ".join(names) or NOTHING, Counter())[str(center)] += 1
    ranked = sorted(patterns, key=lambda name: (-patterns[name].total(), name))
    records = [
        {"center": center, "modalities": name, "patients": count}
        for name in ranked
        for center, count in [
            (ALL, patterns[name].total()),
            *((c, patterns[name][c]) for c in centers),
        ]
        if count
    ]
    return pd.DataFrame(records, columns=["center", "modalities", "patients"])


def coverage_warnings(cohort: Cohort, findings: Sequence[Finding]) -> list[Finding]:
    """Patients without any file, and those none of whose files can be used."""
    unreadable = {(f.file, f.patient) for f in findings if f.kind == "unreadable"}
    empty, broken = [], []
    for patient in cohort.patients:
        entries = [e for rows in cohort.entries.get(patient, {}).values() for e in rows]
        if not entries:
            empty.append(str(patient))
        elif all((place_of(e, cohort), patient) in unreadable for e in entries):
            broken.append(str(patient))
    sorts = (
        (empty, "no file of any modality", "; a run leaves them out, and says so"),
        (broken, "no file that can be read", ""),
    )
    return [
        Finding(
            severity=WARNING,
            kind="nothing",
            message=f"{what}: {count(len(who), 'patient')} ({some(who, 20)}){end}",
            table="manifest.csv",
        )
        for who, what, end in sorts
        if who
    ]
