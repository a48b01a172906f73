"""Train without validation; a stopped training goes on with its last whole epoch."""

import logging
import warnings
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import ModelCheckpoint, RichProgressBar
from rich.console import Console
from torch.utils.data import DataLoader

from fusion.lit.history import History


def whole_epochs(
    module: lightning.LightningModule,
    loader: DataLoader[Any],
    *,
    folder: Path,
    epochs: int,
    accelerator: str,
) -> None:
    """Train in place; the module is on the CPU afterwards.

    Args:
        module: what learns. It draws by seed, epoch and batch alone, so that a resumed training
            gives the weights of an unbroken one.
        loader: the same rows in the same order for the same epoch.
        folder: gets `last.ckpt`, from which a second call goes on, and `history.csv`.
        epochs: in all, those before a stop included.
        accelerator: cpu, gpu, or what else Lightning knows.
    """
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)  # tips and advertisements
    newest = ModelCheckpoint(dirpath=folder, filename="last", enable_version_counter=False)
    terminal = Console().is_terminal
    callbacks: list[lightning.Callback] = [
        History(path=folder / "history.csv", lines=not terminal),
        newest,
    ]
    if terminal:
        callbacks.append(RichProgressBar(leave=False))
    trainer = lightning.Trainer(
        accelerator=accelerator,
        devices=1,
        max_epochs=epochs,
        callbacks=callbacks,
        logger=False,
        enable_model_summary=False,
        enable_progress_bar=terminal,
        use_distributed_sampler=False,
        default_root_dir=folder,
    )
    last = folder / "last.ckpt"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*Checkpoint directory .* exists and is not empty.*")
        warnings.filterwarnings("ignore", ".*does not have many workers.*")
        warnings.filterwarnings("ignore", ".*isinstance.treespec, LeafSpec.*")
        trainer.fit(module, loader, ckpt_path=last if last.exists() else None, weights_only=True)
    module.to(torch.device("cpu"))
