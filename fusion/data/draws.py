"""Patients as training sees them: a source may show another part of a patient at every draw."""

from typing import Protocol, runtime_checkable

import numpy as np
from torch.utils.data import Dataset

from fusion.data.dataset import PatientDataset
from fusion.data.entry import Entry
from fusion.data.sample import Sample
from fusion.data.sampler import BudgetSampler
from fusion.types import Input, PatientId


@runtime_checkable
class Drawn(Protocol):
    """A source that gives training a part of a patient."""

    def draw(self, patient: PatientId, rows: tuple[Entry, ...], rng: np.random.Generator) -> Input:
        """As `load`, but of a part that the generator decides."""
        ...


class TrainingDraws(Dataset[Sample]):
    """The same patients; what is drawn depends on (seed, epoch, patient) alone.

    Args:
        dataset: of the training patients.
        sampler: knows the epoch. Worker processes begin anew with each epoch, and so know it too.
        seed: of the run.
    """

    def __init__(self, dataset: PatientDataset, sampler: BudgetSampler, seed: int) -> None:
        self.dataset = dataset
        self.sampler = sampler
        self.seed = seed

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> Sample:
        return self.dataset.sample(
            index,
            lambda source, patient, rows: (
                source.draw(
                    patient,
                    rows,
                    # not the index, which changes with who else takes part
                    np.random.default_rng([self.seed, self.sampler.epoch, *patient.encode()]),
                )
                if isinstance(source, Drawn)
                else source.load(patient, rows)
            ),
        )
