"""What a report must be told besides predictions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from fusion.audit.check import Audit
from fusion.errors import PredictionsError
from fusion.report.outlines import Outlines
from fusion.report.tasks import TaskInfo


@dataclass(frozen=True)
class RunSummary:
    """The facts of a run.

    Raises:
        PredictionsError: where presence, centres and parts are not about the same patients, or
            an attention share is outside 0 to 1.
    """

    title: str
    question: str
    """What was asked, for a clinician."""
    command: str
    """Repeats the run."""
    versions: Mapping[str, str]
    """Package -> version."""
    fingerprint: str
    """Of the cohort."""
    split_scheme: str
    """How patients were divided, in words."""
    tasks: Sequence[TaskInfo]
    """The first is the one that the headline is about."""
    presence: pd.DataFrame
    """Boolean, index patient_id, a column per modality."""
    centers: Mapping[str, str]
    """Patient -> centre."""
    parts: Mapping[str, str]
    """Patient -> train, val, test or external."""
    excluded: Sequence[tuple[str, str]] = ()
    """(patient, reason) of everybody who was left out."""
    attention: Mapping[str, float] | None = None
    """Modality -> mean share of the fusion, over the evaluated patients who have it."""
    curves: Path | None = None
    """CSV of Lightning's logger."""
    notes: Sequence[str] = ()
    """Sentences about this run that its reader should know."""
    date: str = ""
    """Of the run; shown as it is."""
    audit: Audit | None = None
    """Leakage and shift; None where nobody asked."""
    characteristics: pd.DataFrame | None = None
    """What a clinic knows: index patient_id, numbers or text as in the table, NaN or None = not
    known; for table one and for subgroups. May lack patients."""
    subgroups: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """Characteristic -> edges of its bands; without edges each value is a group."""
    robustness: pd.DataFrame | None = None
    """Rows as in predictions.parquet, `model` being the modalities that were left ("mri + rna"):
    the fusion with all others hidden, for the patients who have them all."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """Modality -> volume, bag or vector."""
    methods: Mapping[str, bool] = field(default_factory=dict)
    """Whether something was done, as far as the configuration says, such as `segmentation`; a key
    that is absent is not known. Empty for predictions of a model that is not ours."""
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    """Of what else decides the numbers, such as split and weights -> SHA-256."""
    harmonisation: pd.DataFrame | None = None
    """How well the centre can be told, before and after: `modality`, `when`, `auc`, `low`, `high`,
    `n`, `centers`, and in words from `whom`."""

    added: pd.DataFrame | None = None
    """Clinical offset and what is added, patient by patient, as `fusion.report.added_row` says;
    None for a model without."""

    outlines: Outlines | None = None
    """Of the tumours of evaluated patients; None for a model that outlines nothing."""

    regions: pd.DataFrame | None = None
    """Of evaluated patients, as `fusion.run.regions` tells them; None without."""

    def __post_init__(self) -> None:
        patients = set(self.presence.index)
        if not patients == set(self.centers) == set(self.parts):
            odd = patients ^ set(self.centers) | patients ^ set(self.parts)
            raise PredictionsError(
                f"presence, centers and parts must name the same patients; {len(odd)} are not in "
                f"all, such as {min(odd)!r}"
            )
        for modality, share in (self.attention or {}).items():
            if not 0.0 <= share <= 1.0:
                raise PredictionsError(f"attention share of {modality} is {share}, expected 0 to 1")
