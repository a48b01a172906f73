"""The callback that sets the weights of gradient blending anew."""

from collections.abc import Mapping, Sequence
from typing import Any

import lightning
import torch
from jaxtyping import Float
from lightning.pytorch.callbacks import Callback
from torch import Tensor
from torch.utils.data import DataLoader

from fusion.data.sample import Batch
from fusion.errors import TrainingError
from fusion.lit.losses import Seen, labels_of, task_losses
from fusion.penalties.blending import FUSED


class Blend(Callback):
    """Every few epochs, before the first batch: the losses of all training and val patients.

    Both are taken with the same weights, in evaluation mode and without augmentation, so that
    their gap is overfitting and not dropout. At an epoch's start, because the checkpoint of the
    epoch before is written by then; one that is written inside an epoch has the estimate in it.
    Every rank computes all, and all use those of the first.

    Args:
        train: all training patients, in a fixed order.
        val: all validation patients; no others ever set a weight.
    """

    def __init__(self, *, train: DataLoader[Batch], val: DataLoader[Batch]) -> None:
        self.parts = (train, val)

    def on_train_epoch_start(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """Estimate, where it is due."""
        blending = pl_module.blending
        if not blending.due(trainer.current_epoch):
            return
        modes = [(module, module.training) for module in pl_module.modules()]
        pl_module.eval()
        with torch.no_grad(), trainer.precision_plugin.val_step_context():
            found = [member_losses(pl_module, loader) for loader in self.parts]
        for module, mode in modes:
            module.training = mode
        losses = compared(found, pl_module.weights, blending.members)
        blending.update(trainer.strategy.broadcast(losses), trainer.current_epoch)


def member_losses(module: Any, loader: DataLoader[Batch]) -> dict[str, dict[str, float]]:
    """Member -> task -> loss over all patients of a loader who have the modality and a label."""
    kept: dict[str, list[Seen]] = {name: [] for name in module.blending.members}
    for there in loader:
        batch = there.to(module.device)
        tokens = module.model.encode(batch)
        kept[FUSED].append((module.model.fuse(tokens).outputs, batch.targets))
        for name, outputs in module.blending(tokens).items():
            kept[name].append((outputs, labels_of(batch.targets, tokens[name].present)))
    tasks = module.named_tasks()
    return {
        name: {task: float(loss) for task, loss in task_losses(tasks, seen).items()}
        for name, seen in kept.items()
    }


def compared(
    found: Sequence[Mapping[str, Mapping[str, float]]],
    weights: Mapping[str, float],
    members: Sequence[str],
) -> Float[Tensor, "2 members"]:
    """Weighted sums over the tasks that both parts have labels for, by part and member.

    Raises:
        TrainingError: where a modality has no task with labels in both.

    Example:
        >>> train, val = {"rna": {"idh": 0.5, "grade": 9.0}}, {"rna": {"idh": 0.75}}
        >>> compared([train, val], {"idh": 2.0, "grade": 1.0}, ["rna"]).tolist()
        [[1.0], [1.5]]
    """
    rows = torch.zeros(2, len(members), dtype=torch.float64)
    for column, name in enumerate(members):
        tasks = sorted(set(found[0][name]) & set(found[1][name]))
        if not tasks:
            raise TrainingError(
                f"blending: no task has both a training and a validation patient with {name} and "
                "a label, so its overfitting cannot be seen; give validation a larger share "
                "(split.val), or train without penalties=blending"
            )
        for row, part in enumerate(found):
            rows[row, column] = sum(weights[task] * part[name][task] for task in tasks)
    return rows
