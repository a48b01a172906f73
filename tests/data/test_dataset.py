"""Patients become samples, with the modalities that a run uses and they have."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pytest
import torch

from fusion.data.cohort import Cohort
from fusion.data.dataset import PatientDataset
from fusion.data.entry import Entry


@dataclass
class Fixed:
    """A source that gives the number of a patient's rows, and notes who was asked for."""

    width: int = 1
    asked: list = field(default_factory=list)

    def prepare(self, files):
        return []

    def fit(self, files): ...

    def load(self, patient, rows):
        self.asked.append(patient)
        return torch.tensor([[float(len(rows))]])

    def size(self, patient, rows):
        return 10 * len(rows)

    def state(self):
        return {}

    def restore(self, state): ...


def rows(patient, modality, count):
    return tuple(Entry(patient, "A", modality, Path("/x"), i + 2) for i in range(count))


@pytest.fixture
def sources():
    return {"wsi": Fixed(), "rna": Fixed()}


@pytest.fixture
def dataset(sources):
    entries = {
        "anna": {"wsi": rows("anna", "wsi", 3), "rna": rows("anna", "rna", 1)},
        "ben": {"rna": rows("ben", "rna", 2), "ct": rows("ben", "ct", 1)},
        "cleo": {"wsi": rows("cleo", "wsi", 1)},
    }
    people = [*entries, "dora"]
    cohort = Cohort(
        name="x",
        root=Path("/"),
        centers=dict.fromkeys(people, "A"),
        entries=entries,
        targets=pd.DataFrame(index=people),
    )
    labels = {"anna": {"grade": torch.tensor([1.0])}, "ben": {}, "cleo": {}, "dora": {}}
    return PatientDataset(
        cohort=cohort,
        patients=["cleo", "anna", "ben", "dora"],
        sources=sources,
        labels=labels,
        excluded={"wsi": frozenset(["cleo"])},
    )


def test_a_sample_has_what_the_patient_has_and_the_run_uses(dataset):
    samples = {sample.patient_id: sample for sample in (dataset[i] for i in range(4))}
    assert {p: sorted(s.inputs) for p, s in samples.items()} == {
        "cleo": [],  # her slide is excluded
        "anna": ["rna", "wsi"],
        "ben": ["rna"],  # the run does not use CT
        "dora": [],
    }
    assert samples["anna"].inputs["wsi"].item() == 3
    assert samples["anna"].targets["grade"].item() == 1
    assert samples["ben"].targets == {}
    assert samples["ben"].center == "A"


def test_the_order_is_that_of_the_patients(dataset):
    assert [dataset[i].patient_id for i in range(len(dataset))] == ["cleo", "anna", "ben", "dora"]
    assert [dataset.of(["ben", "anna"])[i].patient_id for i in (0, 1)] == ["ben", "anna"]


def test_only_what_is_there_is_loaded(dataset, sources):
    for i in range(4):
        dataset[i]
    assert sources["wsi"].asked == ["anna"]
    assert sources["rna"].asked == ["anna", "ben"]


def test_a_size_is_that_of_the_largest_modality_and_at_least_one(dataset):
    assert dataset.sizes() == [1, 30, 20, 1]


def test_who_has_what(dataset):
    assert dataset.has("anna", "wsi")
    assert not dataset.has("cleo", "wsi")
    assert not dataset.has("dora", "rna")
    assert not dataset.of(["cleo"]).has("cleo", "wsi")
