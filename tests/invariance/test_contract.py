"""What holds for every penalty on what the tokens tell of the centre."""

import pytest
import torch

from fusion.errors import TrainingError
from fusion.invariance.adversarial import Adversarial
from fusion.invariance.coral import Coral
from fusion.types import Tokens

DIMS = {"rna": 3, "mri": 5}
CENTERS = ["A", "A", "A", "B", "B", "B", "C"]


def coral(**more):
    return Coral(**{"centers": ["A", "B", "C"], "weight": 1.0, "means": 1.0, "patients": 2} | more)


def adversarial(**more):
    given = {"dims": DIMS, "centers": ["A", "B", "C"], "weight": 1.0, "hidden": 4, "seed": 0}
    return Adversarial(**given | more)


EVERY = pytest.mark.parametrize("build", [coral, adversarial])


def tokens(seed=0, present=None):
    """Two tokens of each modality; `present` says who has it."""
    draw = torch.Generator().manual_seed(seed)
    found = {}
    for name, dim in DIMS.items():
        mask = torch.ones(len(CENTERS), 2, dtype=torch.bool)
        mask[0, 1] = False
        if present is not None:
            mask &= torch.tensor(present[name], dtype=torch.bool)[:, None]
        x = torch.randn(len(CENTERS), 2, dim, generator=draw).requires_grad_()
        found[name] = Tokens(x, mask)
    return found


def total(penalty, found, centers=CENTERS, progress=1.0):
    return sum(penalty(found, centers, progress).values())


@EVERY
def test_it_reaches_every_modality_of_everybody_who_is_compared(build):
    found = tokens()
    total(build(), found).backward()
    for name in DIMS:
        moved = found[name].features.grad.abs().sum(dim=(1, 2)) > 0
        assert moved[:6].all(), name


@EVERY
@pytest.mark.parametrize(
    "present",
    [
        {"rna": [0] * 7, "mri": [0] * 7},
        {"rna": [1, 1, 1, 0, 0, 0, 0], "mri": [0, 0, 0, 1, 1, 1, 0]},
    ],
    ids=["nobody", "one center for each modality"],
)
def test_without_two_centers_it_is_zero_and_has_a_gradient(build, present):
    """Two centres in the batch are not enough: they must have the same modality."""
    found = tokens(present=present)
    value = total(build(), found)
    value.backward()
    assert value.item() == 0.0
    assert all(torch.equal(t.features.grad, torch.zeros_like(t.features)) for t in found.values())


@EVERY
def test_what_is_masked_does_not_matter(build):
    present = {"rna": [1, 1, 0, 1, 1, 1, 0], "mri": [1, 1, 1, 0, 1, 1, 0]}
    found, penalty = tokens(present=present), build()
    junk = {
        name: Tokens(t.features.masked_fill(~t.mask[..., None], torch.nan), t.mask)
        for name, t in found.items()
    }
    assert torch.equal(total(penalty, junk), total(penalty, found))


@EVERY
def test_modalities_are_averaged(build):
    """One that cannot be compared leaves the mean to the other; order never matters."""
    penalty, found = build(), tokens()
    alone = [total(penalty, tokens(present={"rna": [r] * 7, "mri": [1 - r] * 7})) for r in (0, 1)]
    both = total(penalty, found)
    torch.testing.assert_close(both, (alone[0] + alone[1]) / 2)
    assert torch.equal(both, total(penalty, dict(reversed(found.items()))))


@EVERY
def test_no_random_number_is_drawn(build):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    total(build(), tokens()).backward()
    assert torch.equal(torch.get_rng_state(), before)


@EVERY
def test_a_center_that_is_none_of_training_is_refused(build):
    centers = [*CENTERS[:-1], "Elsewhere"]
    with pytest.raises(TrainingError, match="patients of Elsewhere, expected A, B, C"):
        total(build(), tokens(), centers)


@EVERY
def test_without_weight_it_adds_nothing(build):
    found = tokens()
    none = {"weight": 0.0, "means": 0.0} if build is coral else {"weight": 0.0}
    value = total(build(**none), found)
    value.backward()
    assert value.item() == 0.0
    assert all(not t.features.grad.any() for t in found.values())
