"""Patients -> Samples, one by one."""

from collections.abc import Callable, Mapping, Sequence

from torch import Tensor
from torch.utils.data import Dataset

from fusion.data.cohort import Cohort, Entry
from fusion.data.sample import Sample
from fusion.data.source import Source
from fusion.types import Input, Modality, PatientId

Take = Callable[[Source, PatientId, tuple[Entry, ...]], Input]


class PatientDataset(Dataset[Sample]):
    """The patients of one part of a split, with the modalities that a run uses.

    Args:
        cohort: where their files are.
        patients: who, in the order of the dataset.
        sources: modality -> how it is read; prepared and fitted already.
        labels: patient -> task -> label tensor.
        excluded: modality -> patients whose files cannot be used and are declared so in the run.
    """

    def __init__(
        self,
        *,
        cohort: Cohort,
        patients: Sequence[PatientId],
        sources: Mapping[str, Source],
        labels: Mapping[PatientId, Mapping[str, Tensor]],
        excluded: Mapping[str, frozenset[PatientId]],
    ) -> None:
        self.cohort = cohort
        self.patients = tuple(patients)
        self.sources = dict(sorted(sources.items()))
        self.labels = labels
        self.excluded = excluded

    def __len__(self) -> int:
        return len(self.patients)

    def of(self, patients: Sequence[PatientId]) -> "PatientDataset":
        """The same, with these patients."""
        return PatientDataset(
            cohort=self.cohort,
            patients=patients,
            sources=self.sources,
            labels=self.labels,
            excluded=self.excluded,
        )

    def has(self, patient: PatientId, modality: str) -> bool:
        """Whether the patient brings the modality to this run."""
        rows = self.cohort.entries.get(patient, {})
        return Modality(modality) in rows and patient not in self.excluded.get(modality, ())

    def __getitem__(self, index: int) -> Sample:
        return self.sample(index, lambda source, patient, rows: source.load(patient, rows))

    def sample(self, index: int, take: Take) -> Sample:
        """One patient, each input taken from its source by a function."""
        patient = self.patients[index]
        rows = self.cohort.entries.get(patient, {})
        inputs = {
            Modality(name): take(source, patient, rows[Modality(name)])
            for name, source in self.sources.items()
            if self.has(patient, name)
        }
        return Sample(
            patient, self.cohort.centers[patient], inputs, dict(self.labels.get(patient, {}))
        )

    def sizes(self) -> list[int]:
        """Rows that each patient adds to a batch's budget, e.g. tiles of a bag."""
        return [
            max(
                (
                    source.size(p, self.cohort.entries[p][Modality(name)])
                    for name, source in self.sources.items()
                    if self.has(p, name)
                ),
                default=1,
            )
            for p in self.patients
        ]
