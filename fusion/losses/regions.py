"""Is every region of a tumour outlined? Dice and cross-entropy, where somebody outlined it."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional


def region_loss(
    logits: Float[Tensor, "batch regions x y z"],
    truth: Float[Tensor, "batch regions x y z"],
    known: Bool[Tensor, "batch regions"],
    *,
    smooth: float = 1.0,
) -> Tensor:
    """Soft Dice loss plus binary cross-entropy, mean over the known regions of all patients.

    Every region of every patient counts alike: a Dice over the batch would let large tumours
    speak for small ones, and patients would depend on each other.

    Args:
        logits: Of the network.
        truth: 0 or 1, or the share of a coarser voxel that lies inside.
        known: What was outlined; nothing is learned from the rest.
        smooth: Voxels added to numerator and denominator, so that an empty region that is found
            empty has no loss.

    Returns:
        From 0 on; exactly 0, with a gradient of zeros, where nothing is known.

    Source: Milletari, Navab and Ahmadi 2016 (V-Net, here without squares); the sum with
    cross-entropy as in Isensee et al. 2021 (nnU-Net).

    Example:
        >>> truth = torch.tensor([1.0, 0.0]).reshape(1, 1, 2, 1, 1)
        >>> known = torch.tensor([[True]])
        >>> sure = 30 * (2 * truth - 1)
        >>> round(region_loss(sure, truth, known).item(), 6)
        0.0
        >>> round(region_loss(-sure, truth, known).item(), 2)  # (1 - 1 / 3) + 30
        30.67
    """
    if not bool(known.any()):
        return logits.sum() * 0.0
    logits, truth = logits[known], truth[known]
    share = torch.sigmoid(logits)
    both = (share * truth).flatten(1).sum(dim=1)
    sizes = share.flatten(1).sum(dim=1) + truth.flatten(1).sum(dim=1)
    dice = 1 - (2 * both + smooth) / (sizes + smooth)
    entropy = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    return (dice + entropy.flatten(1).mean(dim=1)).mean()


def deep_region_loss(
    logits: list[Tensor],
    truth: Float[Tensor, "batch regions x y z"],
    known: Bool[Tensor, "batch regions"],
) -> Tensor:
    """The loss of several maps, each half as fine as the one before and half its weight.

    A coarser truth is the mean over the voxels that a cell covers, so that nothing small is lost.

    Args:
        logits: Finest first, that one on the grid of `truth`.
        truth: 0 or 1.
        known: What was outlined.

    Source: deep supervision, Lee et al. 2015; weights as in Isensee et al. 2021.

    Example:
        >>> maps = [torch.zeros(1, 1, 4, 4, 4), torch.zeros(1, 1, 2, 2, 2)]
        >>> known = torch.tensor([[True]])
        >>> round(deep_region_loss(maps, torch.ones(1, 1, 4, 4, 4), known).item(), 3)
        1.016
    """
    weights = [0.5**level for level in range(len(logits))]
    total = logits[0].new_zeros(())
    for weight, scores in zip(weights, logits, strict=True):
        cell = [
            whole // part for whole, part in zip(truth.shape[2:], scores.shape[2:], strict=True)
        ]
        coarse = functional.avg_pool3d(truth, cell) if max(cell) > 1 else truth
        total = total + weight / sum(weights) * region_loss(scores, coarse, known)
    return total
