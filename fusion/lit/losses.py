"""A head's outputs and labels -> the loss of each task."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from fusion.data.sample import Labels
from fusion.tasks.base import Task, split_outputs

Seen = tuple[Float[Tensor, "_ out"], Mapping[str, Labels]]
"""Outputs of a batch, and its labels."""


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
