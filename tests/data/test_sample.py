"""Absence is a missing key, then a packed batch."""

import pytest
import torch

from fusion.data.sample import Batch, Labels, Sample, collate, stack
from fusion.types import Bags, Volumes


def vector(*values):
    return torch.tensor([values], dtype=torch.float32)


def bag(*values):
    features = torch.tensor(values, dtype=torch.float32)[:, None]
    return Bags(features, torch.tensor([0, len(values)]))


def volume(value):
    return Volumes(torch.full((1, 2, 3, 3, 3), float(value)), torch.tensor([[True, False]]))


ANNA = Sample("anna", "A", {"wsi": bag(1, 2), "rna": vector(5, 6)}, {"grade": torch.tensor([1.0])})
BEN = Sample("ben", "B", {"mri": volume(7)}, {"os": torch.tensor([9.0, 1.0])})
CLEO = Sample("cleo", "A", {"wsi": bag(3), "mri": volume(8)}, {"grade": torch.tensor([0.0])})


def test_rows_are_those_of_the_patients_who_have_the_modality():
    batch = collate([ANNA, BEN, CLEO])
    assert batch.patient_ids == ("anna", "ben", "cleo")
    assert batch.centers == ("A", "B", "A")
    assert {m: p.tolist() for m, p in batch.present.items()} == {
        "mri": [False, True, True],
        "rna": [True, False, False],
        "wsi": [True, False, True],
    }
    assert batch.inputs["rna"].tolist() == [[5, 6]]
    assert batch.inputs["wsi"].features[:, 0].tolist() == [1, 2, 3]
    assert batch.inputs["wsi"].offsets.tolist() == [0, 2, 3]
    assert batch.inputs["mri"].image[:, 0, 0, 0, 0].tolist() == [7, 8]


def test_labels_are_packed_like_inputs():
    batch = collate([ANNA, BEN, CLEO])
    assert batch.targets["grade"].values.tolist() == [[1], [0]]
    assert batch.targets["grade"].known.tolist() == [True, False, True]
    assert batch.targets["os"].values.tolist() == [[9, 1]]
    assert batch.targets["os"].known.tolist() == [False, True, False]


def test_what_nobody_has_is_an_absent_key():
    batch = collate([ANNA])
    assert set(batch.inputs) == set(batch.present) == {"rna", "wsi"}
    assert set(batch.targets) == {"grade"}


def test_a_patient_without_anything_is_still_a_patient():
    batch = collate([Sample("dora", "C", {}, {}), ANNA])
    assert len(batch) == 2
    assert batch.present["rna"].tolist() == [False, True]
    nobody = collate([Sample("dora", "C", {}, {})])
    assert len(nobody) == 1
    assert nobody.inputs == nobody.targets == {}


def test_names_come_in_sorted_order_whatever_the_order_of_the_dicts():
    turned = Sample("anna", "A", dict(reversed(ANNA.inputs.items())), ANNA.targets)
    assert list(collate([turned, CLEO]).inputs) == list(collate([ANNA, CLEO]).inputs)
    assert list(collate([ANNA, CLEO]).inputs) == ["mri", "rna", "wsi"]


def test_a_batch_is_its_patients_end_to_end():
    """Of bags: the rows of each are the rows of one alone."""
    samples = [ANNA, CLEO]
    packed = collate(samples).inputs["wsi"]
    for i, sample in enumerate(samples):
        start, stop = packed.offsets[i : i + 2].tolist()
        assert torch.equal(packed.features[start:stop], sample.inputs["wsi"].features)


def test_kinds_are_never_mixed():
    with pytest.raises(TypeError, match=r"several kinds: \['Bags', 'Tensor'\]"):
        stack([bag(1), vector(1)])


def test_rows_that_do_not_fit_the_patients_are_refused():
    with pytest.raises(ValueError, match="rna: 2 rows for 1 patients who have it"):
        Batch(
            ("anna", "ben"),
            ("A", "B"),
            {"rna": torch.zeros(2, 3)},
            {"rna": torch.tensor([True, False])},
            {},
        )


def test_everything_moves_together(monkeypatch):
    moved = []
    for kind in (Bags, Volumes, Labels):
        monkeypatch.setattr(kind, "to", lambda self, *a, **k: moved.append(type(self)) or self)
    batch = collate([ANNA, BEN, CLEO]).to("cpu", non_blocking=True)
    assert sorted(kind.__name__ for kind in moved) == ["Bags", "Labels", "Labels", "Volumes"]
    assert batch.patient_ids == ("anna", "ben", "cleo")


def test_outlines_are_packed_like_images():
    """Image, outline and what is known of it stay those of one patient; half becomes single."""
    regions = torch.randint(0, 4, (3, 3, 3, 3), dtype=torch.uint8)
    known = torch.tensor([[True, False], [False, False], [True, True]])
    parts = [
        Volumes(
            torch.full((1, 2, 3, 3, 3), float(n), dtype=torch.float16),
            torch.tensor([[True, n > 0]]),
            regions[n : n + 1],
            known[n : n + 1],
        )
        for n in range(3)
    ]
    packed = stack(parts)
    assert packed.image.dtype == torch.float32
    assert packed.image[:, 0, 0, 0, 0].tolist() == [0, 1, 2]
    assert torch.equal(packed.regions, regions)
    assert torch.equal(packed.known, known)
    assert packed.channels.tolist() == [[True, False], [True, True], [True, True]]


def test_without_outlines_there_are_none():
    packed = stack([volume(1), volume(2)])
    assert packed.regions is None
    assert packed.known is None


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (1, 2, 0)])
def test_a_volume_without_outlines_does_not_cost_the_others_theirs(order):
    """Nothing is known of it, which is not the same as nothing being there."""
    regions = torch.randint(1, 4, (2, 3, 3, 3), dtype=torch.uint8)
    known = torch.tensor([[True, False], [True, True]])
    first, second = (
        Volumes(volume(n).image, volume(n).channels, regions[n : n + 1], known[n : n + 1])
        for n in range(2)
    )
    parts = [first, volume(7), second]
    packed = stack([parts[n] for n in order])
    for row, n in enumerate(order):
        one = parts[n]
        expected = torch.zeros(1, 2, dtype=torch.bool) if one.known is None else one.known
        assert torch.equal(packed.known[row : row + 1], expected)
        if one.regions is not None:
            assert torch.equal(packed.regions[row : row + 1], one.regions)
        else:
            assert not packed.regions[row].any()
    assert packed.regions.dtype == torch.uint8
