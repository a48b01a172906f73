"""The rows of the demo cohort's `manifest.csv`."""

import pandas as pd

COLUMNS = [
    "patient_id",
    "center",
    "modality",
    "path",
    "key",
    "sequence",
    "label_scheme",
    "mpp",
    "region",
    "time_days",
]
"""Columns of `manifest.csv`; the slides say their own `mpp`, so that column is blank."""

TABLES = {"clinical": "clinical.csv", "mutations": "omics/mutations.csv", "rna": "omics/rna.csv"}
"""The file of each modality that is a table."""


def patient_rows(
    patient_id: str,
    center: str,
    *,
    mri: list[tuple[str, str]],
    slides: list[tuple[str, str, int]],
    tables: list[str],
) -> pd.DataFrame:
    """One patient's rows; one row with a blank modality for a patient who has nothing.

    Example:
        >>> rows = patient_rows("demo-0001", "Elm", mri=[], slides=[], tables=["rna"])
        >>> rows[["modality", "path", "key"]].values.tolist()
        [['rna', 'omics/rna.csv', 'demo-0001']]
    """
    rows: list[dict[str, object]] = [
        {
            "modality": "mri",
            "path": path,
            "sequence": sequence,
            "label_scheme": "brats_2023" if sequence == "mask" else None,
            "time_days": 0,
        }
        for sequence, path in mri
    ]
    rows += [
        {"modality": "wsi", "path": path, "region": block, "time_days": days}
        for block, path, days in slides
    ]
    rows += [{"modality": name, "path": TABLES[name], "key": patient_id} for name in tables]
    found = pd.DataFrame(rows or [{}], columns=COLUMNS, dtype=object)
    return found.assign(patient_id=patient_id, center=center)
