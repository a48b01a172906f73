"""A thread that reads ahead gives the batches of a plain loader, and its errors."""

import threading
from pathlib import Path

import pandas as pd
import pytest
import torch
from torch.utils.data import DataLoader

from fusion.data.cohort import Cohort, Entry
from fusion.data.dataset import PatientDataset
from fusion.data.draws import TrainingDraws
from fusion.data.prefetch import Prefetched
from fusion.data.sample import collate
from fusion.data.sampler import BudgetSampler
from fusion.errors import ReadError
from fusion.types import Center, Modality, PatientId, Volumes

PATIENTS = [PatientId(f"p{n}") for n in range(11)]


class Parts:
    """Halves that tell the patient, the epoch and the place."""

    width = 2

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def draw(self, patient, rows, rng):
        if self.error is not None and patient == "p7":
            raise self.error
        image = torch.from_numpy(rng.random((1, 2, 3, 4, 5))).half()
        return Volumes(image, torch.tensor([[True, rng.random() < 0.5]]))

    def load(self, patient, rows):
        raise AssertionError("training draws")

    def size(self, patient, rows):
        return 1

    def state(self):
        return {}

    def prepare(self, files): ...
    def fit(self, files): ...
    def restore(self, state): ...


def draws(seed=0, error=None, patients=4):
    cohort = Cohort(
        name="x",
        root=Path("/"),
        centers=dict.fromkeys(PATIENTS, Center("A")),
        entries={
            p: {Modality("mri"): (Entry(p, Center("A"), Modality("mri"), Path("/x"), 2),)}
            for p in PATIENTS
        },
        targets=pd.DataFrame(index=PATIENTS),
    )
    dataset = PatientDataset(
        cohort=cohort, patients=PATIENTS, sources={"mri": Parts(error)}, labels={}, excluded={}
    )
    sampler = BudgetSampler(sizes=[1] * len(PATIENTS), patients=patients, rows=99, seed=seed)
    return TrainingDraws(dataset, sampler, seed), sampler


def seen(loader):
    return [
        (batch.patient_ids, batch.inputs["mri"].image.float(), batch.inputs["mri"].channels)
        for batch in loader
    ]


def equal(one, other):
    return len(one) == len(other) and all(
        a[0] == b[0] and torch.equal(a[1], b[1]) and torch.equal(a[2], b[2])
        for a, b in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("ahead", [1, 2, 9])
@pytest.mark.parametrize("patients", [1, 4, 11])
def test_batches_are_those_of_a_plain_loader(ahead, patients):
    dataset, sampler = draws(patients=patients)
    plain = DataLoader(dataset, batch_sampler=sampler, collate_fn=collate)
    early = Prefetched(*draws(patients=patients), ahead=ahead)
    assert len(early) == len(plain)
    epochs = []
    for epoch in (0, 1, 2):
        sampler.set_epoch(epoch)
        early.batch_sampler.set_epoch(epoch)
        epochs.append(seen(plain))
        assert equal(seen(early), epochs[-1])
    assert not equal(epochs[0], epochs[1])


def test_a_resumed_epoch_leaves_out_what_is_done():
    whole = seen(Prefetched(*draws(), ahead=2))
    dataset, sampler = draws()
    sampler.skip = (0, 2)
    assert equal(seen(Prefetched(dataset, sampler, ahead=2)), whole[2:])


def test_halves_stay_halves_until_they_are_augmented():
    assert next(iter(Prefetched(*draws(), ahead=1))).inputs["mri"].image.dtype == torch.float16


def test_a_batch_is_whole_until_two_more_have_been_asked_for():
    coming = iter(Prefetched(*draws(patients=1), ahead=2))
    kept = [next(coming) for _ in range(3)]
    expected = seen(Prefetched(*draws(patients=1), ahead=1))
    for batch, truth in zip(kept, expected[:3], strict=True):
        assert torch.equal(batch.inputs["mri"].image.float(), truth[1])


def test_memory_is_set_aside_once():
    early = Prefetched(*draws(patients=1), ahead=2)
    for _ in range(3):
        used = {batch.inputs["mri"].image.data_ptr() for batch in early}
        assert len(used) <= 5
    assert used == {batch.inputs["mri"].image.data_ptr() for batch in early}


def test_a_file_that_cannot_be_read_is_told_with_its_patient():
    error = ReadError("/scan.nii.gz", "cannot be read: Input/output error")
    with pytest.raises(ReadError, match=r"^patient p7: /scan.nii.gz: cannot be read: Input"):
        seen(Prefetched(*draws(error=error), ahead=2))


def test_any_other_error_is_raised_here_with_a_note_of_the_patient():
    with pytest.raises(ZeroDivisionError) as caught:
        seen(Prefetched(*draws(error=ZeroDivisionError("x")), ahead=2))
    assert caught.value.__notes__ == ["while patient p7 was read for training"]


def test_what_comes_before_an_error_is_given_and_no_thread_is_left():
    dataset, sampler = draws(error=ZeroDivisionError("x"), patients=1)
    order = [PATIENTS[i] for (i,) in sampler]
    coming = iter(Prefetched(dataset, sampler, ahead=3))
    for patient in order[: order.index("p7")]:
        assert next(coming).patient_ids == (patient,)
    with pytest.raises(ZeroDivisionError):
        next(coming)
    coming = iter(Prefetched(*draws(patients=1), ahead=3))
    next(coming)
    coming.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("prefetch")]
