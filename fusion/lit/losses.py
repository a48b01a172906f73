"""A head's outputs and labels -> the loss of each task."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from fusion.data.sample import Labels
from fusion.heads.base import Fused
from fusion.model import FusionModel
from fusion.tasks.base import Task, split_outputs

Seen = tuple[Float[Tensor, "_ out"], Mapping[str, Labels]]
"""Outputs of a batch, and its labels."""


OwnLosses = tuple[int, Mapping[str, Tensor]]
"""Patients of a batch, and what the encoders were held against in it."""


def task_losses(tasks: Mapping[str, Task], seen: Sequence[Seen]) -> dict[str, Tensor]:
    """Task -> loss over the patients of all these batches; no key where nobody has a label.

    All at once, because a Cox loss is not a mean over batches.
    """
    losses: dict[str, Tensor] = {}
    for name, task in tasks.items():
        known = [(split_outputs(o, tasks)[name], t[name]) for o, t in seen if name in t]
        if known:
            outputs = torch.cat([part[labels.known] for part, labels in known])
            losses[name] = task.loss(outputs, torch.cat([labels.values for _, labels in known]))
    return losses


def own_losses(model: FusionModel, fused: Fused) -> dict[str, Tensor]:
    """What encoders themselves are held against in this batch, such as the outline of a tumour."""
    return {name: fused.penalties[name] for name in model.losses if name in fused.penalties}


def mean_losses(found: Sequence[OwnLosses]) -> dict[str, Tensor]:
    """Mean of each encoder's own loss over the patients of all batches that have it.

    Example:
        >>> one, other = ({"mri_segmentation": torch.tensor(v)} for v in (1.0, 4.0))
        >>> mean_losses([(2, one), (5, {}), (1, other)])["mri_segmentation"].item()
        2.0
    """
    means = {}
    for name in sorted({name for _, losses in found for name in losses}):
        parts = [(n, losses[name]) for n, losses in found if name in losses]
        counts = torch.tensor([float(n) for n, _ in parts]).to(parts[0][1])
        means[name] = (counts * torch.stack([loss for _, loss in parts])).sum() / counts.sum()
    return means


def labels_of(targets: Mapping[str, Labels], who: Bool[Tensor, " batch"]) -> dict[str, Labels]:
    """The labels of some patients of a batch; a task that none of them has is an absent key.

    Example:
        >>> both = Labels(torch.tensor([[1.0], [2.0]]), torch.tensor([True, False, True]))
        >>> found = labels_of({"idh": both}, torch.tensor([False, True, True]))["idh"]
        >>> found.values.tolist(), found.known.tolist()
        ([[2.0]], [False, False, True])
    """
    found = {}
    for task, labels in targets.items():
        known = labels.known & who
        if bool(known.any()):
            found[task] = Labels(labels.values[who[labels.known]], known)
    return found
