"""Which patients of which cohort play which part."""

from dataclasses import dataclass
from typing import Literal

from fusion.data.cohort import Cohort
from fusion.types import PatientId

Part = Literal["train", "val", "test", "external"]


@dataclass(frozen=True)
class Place:
    """One part of one cohort, patients in manifest order."""

    cohort: Cohort
    part: Part
    patients: tuple[PatientId, ...]
