"""Learning to fill in hidden parts of volumes, without labels."""

from collections.abc import Iterator, Sequence

import lightning
import numpy as np
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from fusion.data.augment_volume import LEFT_RIGHT, augment
from fusion.data.cohort import Files
from fusion.data.hide_blocks import hide_blocks
from fusion.data.sample import stack
from fusion.data.sources.volume import VolumeSource
from fusion.encoders.reconstruct import Reconstruction
from fusion.lit.contrast import Shuffled
from fusion.lit.optimizer import adamw
from fusion.losses.masked import masked_error, unexplained
from fusion.types import PatientId, Volumes


class DrawnVolumes(Dataset[Volumes]):
    """Batches of parts that a source draws; the same part for the same seed, epoch and row."""

    def __init__(self, source: VolumeSource, files: Files, *, draws: int, seed: int) -> None:
        self.source, self.files, self.draws, self.seed = source, files, draws, seed
        self.patients = sorted(files)

    def __len__(self) -> int:
        return len(self.patients) * self.draws

    def __getitem__(self, rows: Sequence[tuple[int, int]]) -> Volumes:
        """Rows are (epoch, row)."""
        drawn = [self._draw(epoch, row) for epoch, row in rows]
        found = stack(drawn)
        assert isinstance(found, Volumes)
        return Volumes(found.image.float(), found.channels)

    def patient(self, row: int) -> PatientId:
        """Whose row it is."""
        return self.patients[row // self.draws]

    def _draw(self, epoch: int, row: int) -> Volumes:
        who, rng = self.patient(row), np.random.default_rng([self.seed, epoch, row])
        return self.source.draw(who, self.files[who], rng)


class EpochRows(Sampler[list[tuple[int, int]]]):
    """The rows of `Shuffled` with their epoch, which a worker process would not know."""

    def __init__(self, rows: Shuffled) -> None:
        self.rows = rows

    def set_epoch(self, epoch: int) -> None:
        """Lightning calls it before each epoch."""
        self.rows.set_epoch(epoch)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        for batch in self.rows:
            yield [(self.rows.epoch, row) for row in batch]


class LitMasked(lightning.LightningModule):
    """A masked autoencoder: blocks of voxels are hidden, and told from what is around them.

    Args:
        model: fills in.
        block: side of a block in voxels.
        ratio: of the blocks that hold tissue, hidden at a time.
        flip: mirror left and right by the toss of a coin.
        drop_sequences: probability that a channel is hidden altogether, and not asked for.
        lr: peak learning rate of AdamW, which falls to 0 along half a cosine.
        epochs: in all.
        seed: of the blocks, with epoch and batch.

    Sources: He et al. 2022 (MAE), Xie et al. 2022 (SimMIM, whose network sees hidden patches as a
    token, so that a convolution can learn it too).
    """

    def __init__(
        self,
        *,
        model: Reconstruction,
        block: int,
        ratio: float,
        flip: bool,
        drop_sequences: float,
        lr: float,
        epochs: int,
        seed: int,
    ) -> None:
        super().__init__()
        self.model = model
        self.block, self.ratio, self.flip = block, ratio, flip
        self.drop_sequences, self.lr, self.epochs, self.seed = drop_sequences, lr, epochs, seed

    def training_step(self, batch: Volumes, batch_idx: int) -> Tensor:
        """Loss of one batch; also what share of the spread of hidden voxels is not told."""
        draw = torch.Generator().manual_seed(
            (self.seed * 1_000_003 + self.current_epoch) * 1_000_003 + batch_idx
        )
        volumes = augment(
            batch,
            draw,
            flip_axes=(LEFT_RIGHT,) if self.flip else (),
            scale=0.0,
            shift=0.0,
            drop_channels=self.drop_sequences,
        )
        hidden = hide_blocks(volumes, draw, block=self.block, ratio=self.ratio)
        asked = (volumes.image, hidden, volumes.channels)
        found = self.model(volumes, hidden)
        loss = masked_error(found, *asked)
        with torch.no_grad():
            left = unexplained(found, *asked)
        size = {"batch_size": len(batch)}
        self.log("loss", loss.detach(), on_epoch=True, on_step=False, **size)  # type: ignore[arg-type]
        self.log("unexplained", left, on_epoch=True, on_step=False, prog_bar=True, **size)  # type: ignore[arg-type]
        return loss

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """AdamW with a falling rate."""
        return adamw(
            list(self.parameters()),
            lr=self.lr,
            weight_decay=0.05,
            schedule="cosine",
            epochs=self.epochs,
        )
