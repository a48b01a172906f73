"""Who trains, who validates, who tests, and who comes from elsewhere."""

from dataclasses import dataclass
from pathlib import Path

from fusion.types import PatientId


@dataclass(frozen=True)
class Split:
    """Four disjoint sets of patients, bound to a cohort by its fingerprint.

    Raises:
        SplitError: where a patient is in two parts.
    """

    train: frozenset[PatientId]
    val: frozenset[PatientId]
    test: frozenset[PatientId]
    external: frozenset[PatientId]
    scheme: str = ""
    """How it was made, in words: scheme, fold, seed."""
    fingerprint: str = ""
    """Of the cohort that it divides."""

    def save(self, path: Path | str) -> None:
        """Write JSON."""
        raise NotImplementedError

    @staticmethod
    def load(path: Path | str) -> "Split":
        """Read JSON."""
        raise NotImplementedError
