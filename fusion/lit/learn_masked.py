"""Train a LitMasked; a stopped training goes on with its last whole epoch."""

from pathlib import Path

from torch.utils.data import DataLoader

from fusion.lit.contrast import Shuffled
from fusion.lit.masked import DrawnVolumes, EpochRows, LitMasked
from fusion.lit.whole_epochs import whole_epochs


def learn_masked(
    module: LitMasked,
    volumes: DrawnVolumes,
    *,
    folder: Path,
    batch: int,
    epochs: int,
    seed: int,
    accelerator: str,
    workers: int,
) -> None:
    """Train in place; the module is on the CPU afterwards.

    Args:
        module: what learns.
        volumes: of the training patients.
        folder: gets `last.ckpt`, from which a second call goes on, and `history.csv`.
        batch: parts at once.
        epochs: in all, those before a stop included.
        seed: of the order of parts.
        accelerator: cpu, gpu, or what else Lightning knows.
        workers: processes that read ahead; 0 reads in between.
    """
    sampler = EpochRows(Shuffled(rows=len(volumes), batch=batch, seed=seed))
    loader = DataLoader(
        volumes,
        sampler=sampler,
        batch_size=None,
        num_workers=workers,
        persistent_workers=workers > 0,
    )
    whole_epochs(module, loader, folder=folder, epochs=epochs, accelerator=accelerator)
