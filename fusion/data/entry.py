"""One row of a manifest."""

from dataclasses import dataclass
from pathlib import Path

from fusion.types import Center, Modality, PatientId

PlaceMm = tuple[float, float, float]
"""Millimetres in RAS."""


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
    region_label: str | None = None
    """What that region is, where it has a label of its own."""
    region_mm: PlaceMm | None = None
    """Where it was taken, in the space of the patient's images."""
    time_days: float | None = None
    """Days from diagnosis to this acquisition."""
    label_scheme: str | None = None
    """What the numbers of a tumour mask mean; one of `fusion.data.label_scheme.SCHEMES`."""
    tissue_mask: Path | None = None
    """Where a person drew the tissue of a slide; absolute, and inside the data root."""
