"""Tells the sampler the epoch, before its batches are drawn."""

from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback

from fusion.data.sampler import BudgetSampler


class Order(Callback):
    """Lightning tells a plain sampler its epoch, but not a sampler of whole batches.

    Args:
        sampler: of the training batches.
    """

    def __init__(self, *, sampler: BudgetSampler) -> None:
        self.sampler = sampler

    def on_train_epoch_start(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """Set the epoch whose order comes next."""
        self.sampler.set_epoch(trainer.current_epoch)
