"""Whom a pretraining learns from: the training patients of a split, or everybody, said in words."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from fusion.data.cohort import Cohort
from fusion.data.split import Split
from fusion.run.acquaintance import remember
from fusion.types import PatientId


def split_of(path: Path | None, cohort: Cohort) -> Split | None:
    """The split in a file, which must be of this cohort.

    Raises:
        SplitError: where it is not.
    """
    if path is None:
        return None
    split = Split.load(path)
    split.check(cohort)
    return split


def learned_from(
    cohort: Cohort, split: Split | None, patients: Collection[PatientId]
) -> dict[str, Any]:
    """What a card says of them: in words, and by salted hashes, so that a run knows them again."""
    return {
        "trained_on": {
            "cohort": cohort.name,
            "fingerprint": cohort.fingerprint(),
            "split": "every patient" if split is None else split.scheme,
            "patients": len(patients),
        },
        "training_patients": remember(sorted(patients)),
    }
