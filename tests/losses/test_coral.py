"""CORAL and the distance of means, against their definitions."""

import itertools

import numpy as np
import pytest
import torch

from fusion.losses.coral import coral_loss, mean_loss

LOSSES = pytest.mark.parametrize("loss", [coral_loss, mean_loss])


def drawn(seed, patients=23, dim=4, centers=4, dtype=torch.float64):
    draw = torch.Generator().manual_seed(seed)
    features = torch.randn(patients, dim, generator=draw, dtype=dtype)
    return features, torch.randint(-1, centers, (patients,), generator=draw)


def brute(features, center, least):
    """Term by term, entry by entry."""
    x, c = features.numpy(), center.numpy()
    kept = [a for a in range(c.max() + 1) if (c == a).sum() >= least]
    dim, coral, means, pairs = x.shape[1], 0.0, 0.0, 0
    for a, b in itertools.combinations(kept, 2):
        pairs += 1
        for i in range(dim):
            means += (x[c == a, i].mean() - x[c == b, i].mean()) ** 2 / dim
            for j in range(dim):
                gap = np.cov(x[c == a].T)[i, j] - np.cov(x[c == b].T)[i, j]
                coral += gap**2 / (4 * dim**2)
    return (coral / pairs, means / pairs) if pairs else (0.0, 0.0)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("least", [2, 3, 5])
def test_equals_brute_force(seed, least):
    features, center = drawn(seed)
    coral, means = brute(features, center, least)
    # float64 sums of a few hundred terms
    assert coral_loss(features, center, least=least).item() == pytest.approx(coral, rel=1e-10)
    assert mean_loss(features, center, least=least).item() == pytest.approx(means, rel=1e-10)


def test_each_sees_what_the_other_does_not():
    same = torch.randn(30, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    center = torch.arange(2).repeat_interleave(30)
    moved, stretched = torch.cat([same, same + 5.0]), torch.cat([same, same * 2.0])
    stretched = stretched - torch.cat([same.mean(0).expand(30, 3), 2 * same.mean(0).expand(30, 3)])
    assert coral_loss(moved, center, least=2).item() == pytest.approx(0.0, abs=1e-20)
    assert mean_loss(moved, center, least=2).item() == pytest.approx(25.0)
    assert coral_loss(stretched, center, least=2).item() > 0.1
    assert mean_loss(stretched, center, least=2).item() == pytest.approx(0.0, abs=1e-20)


@LOSSES
@pytest.mark.parametrize(
    "center",
    [[0] * 6, [0, 0, 0, 0, 0, 1], [-1] * 6, [0, 0, 0, -1, -1, -1], [0, 1, 2, 3, 4, 5]],
    ids=["one", "one and a single patient", "unknown", "one and unknown", "all alone"],
)
def test_without_two_centers_it_is_zero_and_has_a_gradient(loss, center):
    features = torch.randn(6, 3, requires_grad=True)
    value = loss(features, torch.tensor(center), least=2)
    value.backward()
    assert value.item() == 0.0
    assert torch.equal(features.grad, torch.zeros(6, 3))


@LOSSES
def test_an_empty_batch_is_zero(loss):
    features = torch.zeros(0, 3, requires_grad=True)
    value = loss(features, torch.zeros(0, dtype=torch.long), least=2)
    value.backward()
    assert value.item() == 0.0


@LOSSES
def test_unknown_centers_take_no_part(loss):
    features, center = drawn(1)
    junk = features.clone()
    junk[center < 0] = torch.nan
    assert torch.equal(loss(junk, center, least=2), loss(features, center, least=2))


@LOSSES
def test_order_and_names_of_centers_do_not_matter(loss):
    features, center = drawn(2)
    value = loss(features, center, least=2).item()
    order = torch.randperm(len(center), generator=torch.Generator().manual_seed(0))
    renamed = torch.where(center < 0, center, 7 * (9 - center))
    # sums in another order
    assert loss(features[order], center[order], least=2).item() == pytest.approx(value, rel=1e-12)
    assert loss(features, renamed, least=2).item() == pytest.approx(value, rel=1e-12)


@LOSSES
@pytest.mark.parametrize("scale", [0.0, 1.0, 1e4])
def test_gradients_are_finite(loss, scale):
    features, center = drawn(3, dtype=torch.float32)
    features = (features * scale).requires_grad_()
    loss(features, center, least=2).backward()
    assert torch.isfinite(features.grad).all()


@LOSSES
def test_the_gradient_is_that_of_the_value(loss):
    features, center = drawn(4, patients=9, dim=2, centers=2)
    features.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: loss(x, center, least=2), features)


@LOSSES
def test_half_precision_is_summed_in_single(loss):
    features, center = drawn(5, dtype=torch.float32)
    half = features.to(torch.bfloat16)
    assert torch.equal(loss(half, center, least=2), loss(half.float(), center, least=2))


def test_one_patient_has_no_covariance():
    with pytest.raises(ValueError, match="least is 1, expected 2 or more"):
        coral_loss(torch.zeros(2, 3), torch.tensor([0, 1]), least=1)
