"""Train a LitContrast; a stopped training goes on with its last whole epoch."""

from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from torch.utils.data import DataLoader

from fusion.lit.contrast import LitContrast, Shuffled, TileRows
from fusion.lit.whole_epochs import whole_epochs


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
    sampler = Shuffled(rows=len(tiles), batch=batch, seed=seed)
    loader = DataLoader(TileRows(tiles), sampler=sampler, batch_size=None)
    whole_epochs(module, loader, folder=folder, epochs=epochs, accelerator=accelerator)
