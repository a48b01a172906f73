"""What any cohort's patients bring to a model."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from fusion.data.dataset import PatientDataset
from fusion.data.harmonised import harmonised_how
from fusion.data.layout import signed_how
from fusion.data.source import Source
from fusion.run.place import Place
from fusion.types import PatientId


@dataclass(frozen=True)
class Inputs:
    """Prepared and fitted sources, and the labels of every cohort in the run."""

    sources: Mapping[str, Source]
    labels: Mapping[str, Mapping[PatientId, Mapping[str, Tensor]]]
    """Cohort name -> patient -> task -> label."""
    unusable: Mapping[str, frozenset[PatientId]]
    """Modality -> patients whose files failed and who go on without it."""

    def losses(self) -> list[str]:
        """A sentence for each modality that patients go without because of their files."""
        return [
            f"{len(patients)} patients go without {name}: their files cannot be used "
            f"({', '.join(sorted(patients)[:5])}{' ...' if len(patients) > 5 else ''})."
            for name, patients in self.unusable.items()
            if patients
        ]

    def sentences(self) -> list[str]:
        """What a reader must know: who goes without what, how centres were made alike, genes."""
        return [*self.losses(), *harmonised_how(self.sources), *signed_how(self.sources)]

    def dataset(self, place: Place, modalities: tuple[str, ...]) -> PatientDataset:
        """The patients of a place who have any of the modalities."""
        whole = PatientDataset(
            cohort=place.cohort,
            patients=place.patients,
            sources={m: self.sources[m] for m in modalities},
            labels=self.labels[place.cohort.name],
            excluded=self.unusable,
        )
        having = [p for p in place.patients if any(whole.has(p, m) for m in modalities)]
        return whole.of(having)
