"""Who is in a cohort, which files each patient has, and what is known of the outcome."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from fusion.types import Center, Modality, PatientId


@dataclass(frozen=True)
class Entry:
    """One row of `manifest.csv`: one file, or one row of a table."""

    patient_id: PatientId
    center: Center
    modality: Modality
    path: Path
    """Absolute, and inside the cohort's data root."""
    line: int
    """Line in `manifest.csv`, for messages."""
    key: str | None = None
    """Row of the table at `path`; only for tables."""
    sequence: str | None = None
    """Which channel of a volume this is (T1, T1c, T2, FLAIR, arterial, ...), or `mask`."""
    mpp: float | None = None
    """Microns per pixel of level 0, given by hand for a slide or image that does not say."""
    region: str | None = None
    """Name of a sampled region, block or lesion."""
    time_days: float | None = None
    """Days from diagnosis to this acquisition."""


Files = Mapping[PatientId, tuple[Entry, ...]]
"""One modality's rows, by patient; a patient without the modality is an absent key."""


@dataclass(frozen=True)
class Cohort:
    """A validated cohort folder."""

    name: str
    root: Path
    centers: Mapping[PatientId, Center]
    """Every patient, those with no file at all included, in manifest order."""
    entries: Mapping[PatientId, Mapping[Modality, tuple[Entry, ...]]]
    targets: pd.DataFrame
    """Index patient_id, one row per patient in the order of `centers`; NaN or None = not known.

    Class targets are strings, numbers are floats; survival is the columns `<name>_time_days`
    and `<name>_event` (0.0 or 1.0)."""

    @property
    def patients(self) -> tuple[PatientId, ...]:
        """All patients, in manifest order."""
        return tuple(self.centers)

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """Every modality that anybody has, sorted."""
        return tuple(sorted({m for rows in self.entries.values() for m in rows}))

    def files(self, modality: str) -> Files:
        """One modality's rows, only for the patients who have it."""
        name = Modality(modality)
        return {p: rows[name] for p, rows in self.entries.items() if name in rows}

    def presence(self) -> pd.DataFrame:
        """Boolean table, patients x modalities."""
        table = {m: [m in self.entries.get(p, {}) for p in self.patients] for m in self.modalities}
        return pd.DataFrame(table, index=pd.Index(self.patients, name="patient_id"), dtype=bool)

    def select(self, patients: Iterable[PatientId]) -> "Cohort":
        """The same cohort with these patients only, order kept.

        Raises:
            KeyError: for a patient that the cohort does not have.
        """
        raise NotImplementedError

    def fingerprint(self) -> str:
        """SHA-256 over patients, centres, manifest rows and targets; independent of row order."""
        raise NotImplementedError

    @staticmethod
    def from_manifest(folder: Path | str, *, data_root: Path | str | None = None) -> "Cohort":
        """Read and validate `manifest.csv` and `targets.csv` of a cohort folder.

        Raises:
            CohortError: with *all* faults, each with file and line.
        """
        raise NotImplementedError
