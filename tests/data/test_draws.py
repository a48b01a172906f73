"""What training draws depends on (seed, epoch, patient) alone."""

from pathlib import Path

import pandas as pd
import pytest
import torch

from fusion.data.cohort import Cohort
from fusion.data.dataset import PatientDataset
from fusion.data.draws import Drawn, TrainingDraws
from fusion.data.entry import Entry
from fusion.data.sampler import BudgetSampler


class Whole:
    """Gives one thing always."""

    width = 1

    def prepare(self, files):
        return []

    def fit(self, files): ...

    def load(self, patient, rows):
        return torch.tensor([[float(len(patient))]])

    def size(self, patient, rows):
        return 1

    def state(self):
        return {}

    def restore(self, state): ...


class Parts(Whole):
    def draw(self, patient, rows, rng):
        return torch.from_numpy(rng.random((1, 3)))


PATIENTS = [f"p{n}" for n in range(7)]


@pytest.fixture
def draws():
    def built(seed=0, epoch=0, patients=PATIENTS):
        cohort = Cohort(
            name="x",
            root=Path("/"),
            centers=dict.fromkeys(PATIENTS, "A"),
            entries={
                p: {m: (Entry(p, "A", m, Path("/x"), 2),) for m in ("mri", "rna")} for p in PATIENTS
            },
            targets=pd.DataFrame(index=PATIENTS),
        )
        dataset = PatientDataset(
            cohort=cohort,
            patients=patients,
            sources={"mri": Parts(), "rna": Whole()},
            labels={},
            excluded={},
        )
        sampler = BudgetSampler(sizes=[1] * len(patients), patients=4, rows=9, seed=seed)
        sampler.set_epoch(epoch)
        return TrainingDraws(dataset, sampler, seed)

    return built


def seen(draws):
    return [tuple(draws[i].inputs["mri"].flatten().tolist()) for i in range(len(draws))]


def test_seed_epoch_and_patient_decide_and_each_of_them_does(draws):
    """Nor does it matter in which order patients are asked, or how often."""
    plain = seen(draws())
    turned = draws()
    backwards = [turned[i].inputs["mri"].flatten().tolist() for i in reversed(range(7))]
    assert [tuple(x) for x in backwards[::-1]] == plain == seen(turned)
    assert len({*plain, *seen(draws(seed=1)), *seen(draws(epoch=1))}) == 3 * 7


def test_the_epoch_is_that_of_the_sampler(draws):
    going = draws()
    first = seen(going)
    going.sampler.set_epoch(3)
    assert seen(going) == seen(draws(epoch=3)) != first


def test_a_source_without_parts_gives_the_whole(draws):
    assert isinstance(Parts(), Drawn)
    assert not isinstance(Whole(), Drawn)
    sample = draws()[2]
    assert sample.inputs["rna"].tolist() == [[2.0]]
    assert sample.patient_id == "p2"
    assert len(draws()) == 7


def test_without_training_nothing_is_drawn(draws):
    """The dataset itself, which validation reads, loads."""
    assert draws().dataset[0].inputs["mri"].tolist() == [[2.0]]


def test_who_else_takes_part_never_matters(draws):
    fewer = draws(patients=["p6", "p2"])
    assert seen(fewer) == [seen(draws())[6], seen(draws())[2]]
