"""LitFusion: how a FusionModel and its tasks are trained. Knows no modality and no head."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import lightning
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn

from fusion.data.sample import Batch
from fusion.errors import TrainingError
from fusion.heads.base import Fused
from fusion.invariance.base import Invariance
from fusion.lit.losses import OwnLosses, Seen, labels_of, mean_losses, own_losses, task_losses
from fusion.model import FusionModel
from fusion.penalties.base import Penalty
from fusion.penalties.blending import FUSED, Blending
from fusion.tasks.base import Task
from fusion.types import Tokens

Augment = Callable[[Batch, torch.Generator], Batch]
MakeOptimizer = Callable[[list[nn.Parameter]], OptimizerLRScheduler]


class LitFusion(lightning.LightningModule):
    """One model, several tasks, each loss over the patients whose label is known.

    The validation loss is computed once per epoch over all validation patients, because a Cox
    loss is not a mean over batches; every rank validates all of them, so all agree.

    Args:
        model: Batch -> Fused.
        tasks: name -> task; the head's outputs are divided among them in sorted order.
        weighting: losses by task -> one number, for training.
        weights: of each task, and of each encoder's own loss, in the validation loss, which
            chooses the epoch.
        penalty: factor of each penalty, whoever asks for it, by name; 1 where not named.
        invariance: penalties on what the tokens tell of the centre, or None.
        penalties: on the tokens, with any head.
        blending: of the modalities' own losses with that of the head, or None. What it and the
            penalties learn is kept in checkpoints, and is no part of the model.
        augment: batch and generator -> batch, in training only.
        optimizer: parameters -> what Lightning's `configure_optimizers` returns.
        seed: of the run.
    """

    def __init__(
        self,
        *,
        model: FusionModel,
        tasks: Mapping[str, Task],
        weighting: nn.Module,
        weights: Mapping[str, float],
        penalty: Mapping[str, float],
        invariance: Invariance | None,
        penalties: Sequence[Penalty],
        blending: Blending | None,
        augment: Augment,
        optimizer: MakeOptimizer,
        seed: int,
    ) -> None:
        super().__init__()
        self.model = model
        self.tasks = nn.ModuleDict(dict(sorted(tasks.items())))
        self.weighting = weighting
        self.weights = dict(weights)
        self.penalty = dict(penalty)
        self.invariance = invariance
        self.penalties = nn.ModuleList(penalties)
        self.blending = blending
        # a task may remember patients, so each modality alone has tasks of its own
        names = blending.names if blending else ()
        self.alone = nn.ModuleDict({name: copy.deepcopy(self.tasks) for name in names})
        self.augment = augment
        self.make_optimizer = optimizer
        self.seed = seed
        self.validated: list[Seen] = []
        self.validated_own: list[OwnLosses] = []

    def forward(self, batch: Batch) -> Fused:
        """Encode and fuse."""
        fused: Fused = self.model(batch)
        return fused

    def named_tasks(self) -> dict[str, Task]:
        """Tasks in the order of their columns."""
        return named(self.tasks)

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Reseed by (seed, epoch, batch), so that a resumed run draws what an unbroken one draws.

        Lightning draws random numbers of its own between an epoch's start and its first batch.
        """
        torch.manual_seed(hash((self.seed, self.current_epoch, batch_idx)) % 2**63)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Weighted sum of the tasks' losses and of the penalties.

        Raises:
            TrainingError: where the loss is not finite, naming the batch's patients.
        """
        drawn = int(torch.randint(2**62, (1,)))
        tokens = self.model.encode(self.augment(batch, torch.Generator().manual_seed(drawn)))
        fused = self.model.fuse(tokens)
        found = [fused.penalties, *(penalty(tokens) for penalty in self.penalties)]
        if self.invariance is not None:
            found.append(self.invariance(tokens, batch.centers, self.progress(batch_idx)))
        losses = task_losses(self.named_tasks(), [(fused.outputs, batch.targets)])
        losses |= own_losses(self.model, fused)
        # sum() keeps the graph where nobody in the batch has a label: DDP expects gradients
        total = self.weighting(losses) if losses else fused.outputs.sum() * 0
        if self.blending is not None:
            total = self.blended(self.blending, total, tokens, batch)
        for name, value in [pair for penalties in found for pair in penalties.items()]:
            if name in losses:  # weighed already
                continue
            total = total + self.penalty.get(name, 1.0) * value
            self.log_mean(f"penalty/{name}", value, batch)
        if not torch.isfinite(total):
            raise TrainingError(
                f"the loss is {total.item()} at epoch {self.current_epoch}, batch {batch_idx}, "
                f"patients {', '.join(batch.patient_ids)}; the last good checkpoint is kept. "
                "Lower optimizer.lr, or look at these patients' inputs"
            )
        self.log_mean("train_loss", total, batch)
        return total

    def blended(
        self, blending: Blending, fused: Tensor, tokens: Mapping[str, Tokens], batch: Batch
    ) -> Tensor:
        """The head's loss and those of the modalities alone, by the weights of the moment."""
        parts = {FUSED: fused}
        for name, outputs in blending(tokens).items():
            labels = labels_of(batch.targets, tokens[name].present)
            losses = task_losses(named(self.alone[name]), [(outputs, labels)])
            # weights that are learned would be learned once for each modality: the given ones
            parts[name] = outputs.sum() * 0 + sum(self.weights[t] * v for t, v in losses.items())
        for name, weight in blending.share().items():
            self.log_mean(f"blending/{name}", weight, batch)
        return blending.weigh(parts)

    def log_mean(self, name: str, value: Tensor, batch: Batch) -> None:
        """Mean over the epoch's patients, and over the ranks."""
        self.log(name, value, on_epoch=True, on_step=False, batch_size=len(batch), sync_dist=True)

    def progress(self, batch_idx: int) -> float:
        """How much of the longest training is over, 0 to 1."""
        batches, epochs = self.trainer.num_training_batches, self.trainer.max_epochs
        assert epochs is not None  # `fit` gives a number
        return min(1.0, (self.current_epoch + batch_idx / batches) / epochs)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Keep outputs and labels until all patients are there."""
        fused = self(batch)
        self.validated.append((fused.outputs, batch.targets))
        self.validated_own.append((len(batch), own_losses(self.model, fused)))

    def on_validation_epoch_end(self) -> None:
        """Loss of each task over all validation patients; their weighted sum is `val_loss`."""
        losses = task_losses(self.named_tasks(), self.validated)
        losses |= mean_losses(self.validated_own)
        self.validated.clear()
        self.validated_own.clear()
        for name, value in losses.items():
            self.log(f"val_loss/{name}", value)
        # learned weights would make epochs incomparable: the given ones choose the epoch
        total = sum(self.weights[name] * value for name, value in losses.items())
        self.log("val_loss", total if losses else torch.inf, prog_bar=True)

    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip the norm, apart for what is thrown away: a classifier must not shorten a step."""
        thrown = [self.invariance, self.penalties, self.blending, self.alone]
        aside = {id(p) for module in thrown if module is not None for p in module.parameters()}
        for thrown_away in (False, True):
            group = [p for p in self.parameters() if (id(p) in aside) == thrown_away]
            if gradient_clip_val and group:
                nn.utils.clip_grad_norm_(group, gradient_clip_val)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """What the run's configuration says."""
        return self.make_optimizer([p for p in self.parameters() if p.requires_grad])


def named(tasks: nn.Module) -> dict[str, Task]:
    """The tasks of a `ModuleDict`, by name."""
    return {name: cast(Task, task) for name, task in cast(nn.ModuleDict, tasks).items()}
