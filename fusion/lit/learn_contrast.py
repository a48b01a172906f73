"""Train a LitContrast; a stopped training goes on with its last whole epoch."""

import logging
import warnings
from pathlib import Path

import lightning
import numpy as np
import torch
from jaxtyping import UInt8
from lightning.pytorch.callbacks import ModelCheckpoint, RichProgressBar
from rich.console import Console
from torch.utils.data import DataLoader

from fusion.lit.contrast import LitContrast, Shuffled, TileRows
from fusion.lit.history import History


def learn_contrast(
    module: LitContrast,
    tiles: UInt8[np.ndarray, "n h w 3"],
    *,
    folder: Path,
    batch: int,
    epochs: int,
    seed: int,
    accelerator: str,
) -> None:
    """Train in place; the module is on the CPU afterwards.

    Args:
        module: what learns.
        tiles: of the training patients; may be mapped from the disk.
        folder: gets `last.ckpt`, from which a second call goes on, and `history.csv`.
        batch: tiles that are told apart at once.
        epochs: in all, those before a stop included.
        seed: of the order of tiles.
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
    sampler = Shuffled(rows=len(tiles), batch=batch, seed=seed)
    loader = DataLoader(TileRows(tiles), sampler=sampler, batch_size=None)
    last = folder / "last.ckpt"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*Checkpoint directory .* exists and is not empty.*")
        warnings.filterwarnings("ignore", ".*does not have many workers.*")
        warnings.filterwarnings("ignore", ".*isinstance.treespec, LeafSpec.*")
        trainer.fit(module, loader, ckpt_path=last if last.exists() else None, weights_only=True)
    module.to(torch.device("cpu"))
