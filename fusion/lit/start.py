"""The model as it was before training, as one of those that validation chooses among."""

import os
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback

from fusion.errors import TrainingError

BEFORE = -1
"""What the checkpoint and the history call this epoch."""


class Start(Callback):
    """Keeps weights and validation loss from before the first step.

    For a model that already knows something then, such as the clinical model with nothing added.
    Lightning's check before training validates it, on all validation patients; a resumed run
    finds the checkpoint that is there.

    Args:
        path: of the checkpoint.
    """

    def __init__(self, *, path: Path) -> None:
        self.path = path

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """Save, if nothing is trained yet."""
        if not trainer.sanity_checking or not trainer.is_global_zero:
            return
        state = {k: v.detach().cpu() for k, v in pl_module.state_dict().items()}
        loss = float(trainer.callback_metrics["val_loss"])
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(".tmp")
        torch.save({"epoch": BEFORE, "state_dict": state, "val_loss": loss}, temporary)
        os.replace(temporary, self.path)

    def as_good_as(self, loss: float) -> bool:
        """Whether no later model has a lower validation loss than this one.

        Raises:
            TrainingError: where the checkpoint was taken away.
        """
        if not self.path.exists():
            raise TrainingError(
                f"{self.path} is gone: the model before training cannot be compared; train again "
                "in another folder"
            )
        before: dict[str, Any] = torch.load(self.path, map_location="cpu", weights_only=True)
        return bool(before["val_loss"] <= loss)
