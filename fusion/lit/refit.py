"""What stands for a missing modality is fitted again on the training patients, epoch by epoch."""

from collections.abc import Iterator
from typing import Any

import lightning
import torch
from torch.utils.data import DataLoader

from fusion.data.sample import Batch
from fusion.heads.missing.nearest import NearestPatients
from fusion.types import PatientId


class RefitMissing(lightning.Callback):
    """Fits it before the first step and before every validation, with the weights of the moment.

    So an epoch is judged with what its own weights make of the training patients, which is what
    the model is given in the end; the steps of an epoch use what stood at its start. Where nothing
    is fitted, this does nothing. Where something is, each epoch encodes the training patients
    once more, in evaluation mode. In training it says who is who among the nearest patients.

    Args:
        train: all training patients, in an order that does not change, on every device.
    """

    def __init__(self, *, train: DataLoader[Batch]) -> None:
        self.train = train
        self.rows: dict[PatientId, int] = {}

    def on_train_start(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """Before the first step; a resumed run has it in its checkpoint, but for the names."""
        if trainer.ckpt_path is None:
            self.fit(trainer, pl_module)
        elif pl_module.model.fitted_fill is not None:
            for _ in self.shown(trainer):
                pass

    def on_validation_start(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """After the last step of an epoch."""
        self.fit(trainer, pl_module)

    def on_train_batch_start(
        self, trainer: lightning.Trainer, pl_module: Any, batch: Batch, batch_idx: int
    ) -> None:
        """Nobody is filled in from their own row."""
        fill = pl_module.model.fitted_fill
        if isinstance(fill, NearestPatients):
            fill.own = torch.tensor([self.rows[patient] for patient in batch.patient_ids])

    def fit(self, trainer: lightning.Trainer, module: Any) -> None:
        """On all training patients."""
        module.model.fit_missing(self.shown(trainer))

    def shown(self, trainer: lightning.Trainer) -> Iterator[Batch]:
        """The training patients; notes in which row each of them is."""
        self.rows = {}
        for batch in self.train:
            for patient in batch.patient_ids:
                self.rows[patient] = len(self.rows)
            converted: Batch = trainer.precision_plugin.convert_input(batch)
            yield converted
