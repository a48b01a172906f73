"""The loss of outlines against loops and MONAI; what nobody outlined teaches nothing."""

import math

import pytest
import torch
from monai.losses import DiceLoss

from fusion.losses.regions import deep_region_loss, region_loss


def drawn(seed=0, patients=3, regions=2, side=6):
    random = torch.Generator().manual_seed(seed)
    shape = (patients, regions, side, side, side)
    logits = 3 * torch.randn(shape, generator=random, dtype=torch.float64)
    truth = (torch.rand(shape, generator=random) < 0.3).double()
    return logits, truth


KNOWN = torch.tensor([[True, False], [False, False], [True, True]])


def test_against_a_loop_over_voxels():
    logits, truth = drawn(side=3)
    losses = []
    for i, region in KNOWN.nonzero().tolist():
        both = sizes = entropy = 0.0
        pairs = list(zip(logits[i, region].flatten(), truth[i, region].flatten(), strict=True))
        for z, t in pairs:
            p = 1 / (1 + math.exp(-z))
            both += p * t
            sizes += p + t
            entropy -= t * math.log(p) + (1 - t) * math.log(1 - p)
        losses.append(1 - (2 * both + 1) / (sizes + 1) + entropy / len(pairs))
    found = region_loss(logits, truth, KNOWN).item()
    assert found == pytest.approx(float(sum(losses) / len(losses)), rel=1e-12)


def test_it_is_monais_dice_plus_cross_entropy_where_all_is_known():
    logits, truth = drawn()
    known = torch.ones(3, 2, dtype=torch.bool)
    theirs = DiceLoss(sigmoid=True, smooth_nr=1.0, smooth_dr=1.0)(logits, truth)
    theirs = theirs + torch.nn.BCEWithLogitsLoss()(logits, truth)
    torch.testing.assert_close(region_loss(logits, truth, known), theirs)


def test_what_is_not_known_has_no_gradient_and_no_say():
    logits, truth = drawn()
    logits.requires_grad_()
    loss = region_loss(logits, truth, KNOWN)
    loss.backward()
    moved = logits.grad.abs().amax(dim=(2, 3, 4)) > 0
    assert torch.equal(moved, KNOWN)
    away = ~KNOWN[:, :, None, None, None]
    junk = logits.detach().masked_fill(away, 77.0), truth.masked_fill(away, 1.0)
    torch.testing.assert_close(region_loss(*junk, KNOWN), loss.detach(), rtol=0, atol=0)


def test_nothing_known_is_nothing_with_a_gradient_of_zeros():
    logits, truth = drawn()
    logits.requires_grad_()
    loss = region_loss(logits, truth, KNOWN & False)
    loss.backward()
    assert loss.item() == 0.0
    assert not logits.grad.any()


def test_every_known_region_of_every_patient_counts_alike():
    """The mean over all is the mean of each alone, however large."""
    logits, truth = drawn()
    truth[0] *= torch.rand(truth[0].shape) < 0.1
    alone = []
    for i, region in KNOWN.nonzero().tolist():
        one = torch.zeros_like(KNOWN)
        one[i, region] = True
        alone.append(region_loss(logits, truth, one))
    torch.testing.assert_close(region_loss(logits, truth, KNOWN), torch.stack(alone).mean())


def test_an_empty_region_found_empty_costs_nothing_and_large_logits_stay_finite():
    logits = torch.full((1, 1, 4, 4, 4), -1e4, requires_grad=True)
    known = torch.ones(1, 1, dtype=torch.bool)
    assert region_loss(logits, torch.zeros(1, 1, 4, 4, 4), known).item() == 0.0
    wrong = region_loss(logits, torch.ones(1, 1, 4, 4, 4), known)
    wrong.backward()
    # 1e4 of cross-entropy, and a Dice loss of 1 - 1 / 65
    assert wrong.item() == pytest.approx(1e4 + 64 / 65)
    assert logits.grad.isfinite().all()


def test_coarser_maps_weigh_half_and_see_the_mean_of_their_cells():
    logits, truth = drawn(side=8)
    coarse = [torch.randn(3, 2, side, side, side, dtype=torch.float64) for side in (4, 2)]
    maps = [logits, *coarse]
    expected = torch.zeros((), dtype=torch.float64)
    for weight, scores in zip((4 / 7, 2 / 7, 1 / 7), maps, strict=True):
        cell = 8 // scores.shape[2]
        blocks = truth.reshape(3, 2, *(x for _ in range(3) for x in (8 // cell, cell)))
        mean = blocks.mean(dim=(3, 5, 7))
        expected = expected + weight * region_loss(scores, mean, KNOWN)
    torch.testing.assert_close(deep_region_loss(maps, truth, KNOWN), expected)
    one = deep_region_loss([logits], truth, KNOWN)
    assert torch.equal(one, region_loss(logits, truth, KNOWN))
