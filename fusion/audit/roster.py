"""Everybody who takes part in a run: in which part, and from where."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from fusion.types import Center, PatientId


@dataclass(frozen=True)
class Roster:
    """Patients of all cohorts of a run, in order; each has one part.

    Example:
        >>> who = Roster({"a": "train", "b": "test", "c": "train"}, {"a": "X", "b": "X", "c": "Y"})
        >>> who.of("train"), who.named("b"), who.severity("a", "b"), who.severity("a", "c")
        (('a', 'c'), 'b (test)', 'error', 'warning')
    """

    parts: Mapping[PatientId, str]
    """train, val, test or external."""
    centers: Mapping[PatientId, Center]
    cohorts: Mapping[PatientId, str] = field(default_factory=dict)
    """Patient -> name of the cohort; empty where there is one."""

    def of(self, *parts: str) -> tuple[PatientId, ...]:
        """Patients of these parts."""
        return tuple(p for p, part in self.parts.items() if part in parts)

    def centers_of(self, *parts: str) -> tuple[Center, ...]:
        """Centres of these parts, sorted."""
        return tuple(sorted({self.centers[p] for p in self.of(*parts)}))

    def named(self, patient: PatientId) -> str:
        """A patient with the part."""
        return f"{patient} ({self.parts[patient]})"

    def severity(self, *patients: PatientId) -> Literal["error", "warning"]:
        """How bad it is that these are one: an error where they are in two parts."""
        return "error" if len({self.parts[p] for p in patients}) > 1 else "warning"
