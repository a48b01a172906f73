"""Stage-wise unfreezing: the output side of an encoder learns first."""

from typing import Any

import lightning

from fusion.encoders.freeze import Stages, unfreeze


class Unfreeze(lightning.Callback):
    """At epoch e the last `first + e // every` stages learn (Howard and Ruder 2018).

    The optimiser has all of them from the start: AdamW neither moves nor decays a weight without
    a gradient, and starts its averages with the first one. Nothing but the epoch decides, so that
    a resumed run is where an unbroken one is.

    Args:
        stages: of one encoder, from input to output.
        first: stages that learn from the start; 0 for the head alone.
        every: epochs from one stage to the next.
    """

    def __init__(self, *, stages: Stages, first: int, every: int) -> None:
        self.stages = stages
        self.first = first
        self.every = every

    def on_train_batch_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, *_: Any
    ) -> None:
        """At every batch: a run that is resumed in an epoch's middle does not start that epoch."""
        unfreeze(self.stages, count=self.first + trainer.current_epoch // self.every)
