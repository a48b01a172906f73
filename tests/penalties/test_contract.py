"""What holds for every penalty that compares the modalities of a batch."""

import pytest
import torch

from fusion.penalties.contrastive import Contrastive
from fusion.penalties.orthogonal import Orthogonal
from fusion.types import Tokens

DIMS = {"rna": 3, "mri": 5, "wsi": 4}
PATIENTS = 6


def orthogonal(**more):
    return Orthogonal(**{"dims": DIMS, "dim": 4, "factor": 1.0, "seed": 0} | more)


def contrastive(**more):
    given = {"dims": DIMS, "dim": 4, "temperature": 0.07, "factor": 1.0, "seed": 0}
    return Contrastive(**given | more)


EVERY = pytest.mark.parametrize("build", [orthogonal, contrastive])


def tokens(seed=0, present=None):
    """Two tokens of each modality, one of patient 0; `present` says who has it."""
    draw = torch.Generator().manual_seed(seed)
    found = {}
    for name, dim in DIMS.items():
        mask = torch.ones(PATIENTS, 2, dtype=torch.bool)
        mask[0, 1] = False
        if present is not None:
            mask &= torch.tensor(present.get(name, [0] * PATIENTS), dtype=torch.bool)[:, None]
        x = torch.randn(PATIENTS, 2, dim, generator=draw).requires_grad_()
        found[name] = Tokens(x, mask)
    return found


SOME = {"rna": [1, 1, 0, 1, 1, 0], "mri": [1, 1, 1, 0, 1, 1], "wsi": [0, 1, 0, 0, 0, 1]}


def total(penalty, found):
    return sum(penalty(found).values())


@EVERY
def test_it_reaches_everybody_who_has_two_modalities_and_nobody_else(build):
    found = tokens(present=SOME)
    total(build(), found).backward()
    shared = torch.tensor([1, 1, 0, 0, 1, 1]).bool()
    for name, t in found.items():
        moved = t.features.grad.abs().sum(dim=(1, 2)) > 0
        assert torch.equal(moved, shared & t.present), name


@EVERY
@pytest.mark.parametrize(
    "present",
    [
        {},
        {"rna": [1] * PATIENTS},
        {"rna": [1, 1, 1, 0, 0, 0], "mri": [0, 0, 1, 1, 1, 1]},
    ],
    ids=["nobody", "one modality", "one patient has two"],
)
def test_without_two_patients_who_share_it_is_zero_and_has_a_gradient(build, present):
    found = tokens(present=present)
    value = total(build(), found)
    value.backward()
    assert value.item() == 0.0
    assert all(torch.equal(t.features.grad, torch.zeros_like(t.features)) for t in found.values())


@EVERY
def test_what_is_masked_does_not_matter(build):
    found, penalty = tokens(present=SOME), build()
    junk = {
        name: Tokens(
            t.features.detach().masked_fill(~t.mask[..., None], torch.nan).requires_grad_(), t.mask
        )
        for name, t in found.items()
    }
    value = total(penalty, junk)
    value.backward()
    assert torch.equal(value, total(penalty, found))
    assert all(t.features.grad.isfinite().all() for t in junk.values())


@EVERY
def test_the_order_of_patients_and_of_modalities_does_not_matter(build):
    found, penalty = tokens(present=SOME), build()
    order = torch.tensor([3, 5, 0, 4, 1, 2])
    turned = {name: Tokens(t.features[order], t.mask[order]) for name, t in found.items()}
    # sums in another order: a few units of the last place
    torch.testing.assert_close(total(penalty, turned), total(penalty, found))
    other = build(dims=dict(reversed(DIMS.items())))
    assert torch.equal(total(other, dict(reversed(found.items()))), total(penalty, found))


@EVERY
@pytest.mark.parametrize("scale", [0.0, 1e-30, 1e6], ids=["all zero", "tiny", "huge"])
@pytest.mark.parametrize("alike", [True, False])
def test_gradients_are_finite(build, scale, alike):
    """Also where all patients are alike, so that singular values and distances are 0."""
    found = {}
    for name, t in tokens().items():
        x = t.features.detach() * scale
        x = x[:1].expand_as(x).clone() if alike else x
        found[name] = Tokens(x.requires_grad_(), t.mask)
    penalty = build()
    value = total(penalty, found)
    value.backward()
    assert value.isfinite()
    assert all(t.features.grad.isfinite().all() for t in found.values())
    assert all(w.grad is None or w.grad.isfinite().all() for w in penalty.parameters())


@EVERY
def test_no_random_number_is_drawn(build):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    total(build(), tokens()).backward()
    assert torch.equal(torch.get_rng_state(), before)


@EVERY
def test_the_seed_alone_decides(build):
    torch.manual_seed(1)
    one = build().state_dict()
    torch.manual_seed(2)
    two, other = build().state_dict(), build(seed=1).state_dict()
    assert all(torch.equal(value, two[name]) for name, value in one.items())
    assert any(not torch.equal(value, other[name]) for name, value in one.items())


@EVERY
def test_the_factor_multiplies(build):
    found = tokens()
    torch.testing.assert_close(total(build(factor=0.25), found), total(build(), found) / 4)
    value = total(build(factor=0.0), found)
    value.backward()
    assert value.item() == 0.0
    assert all(not t.features.grad.any() for t in found.values())


@EVERY
def test_mixed_precision_gives_nearly_the_same(build):
    penalty, found = build(), tokens()
    with torch.autocast("cpu", torch.bfloat16):
        half = total(penalty, found)
    assert half.dtype == torch.float32
    # cosines with three digits are divided by a temperature of 0.07
    torch.testing.assert_close(half, total(penalty, found), rtol=0.05, atol=0.05)
