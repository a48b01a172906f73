"""Learning to tell tiles apart without labels."""

from collections.abc import Iterator, Sequence

import lightning
import numpy as np
import torch
from jaxtyping import Float, UInt8
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.utils.data import Dataset, Sampler

from fusion.data.augment_tiles import another_look
from fusion.lit.optimizer import adamw
from fusion.losses.contrastive import contrastive


class TileRows(Dataset[Tensor]):
    """Batches of tiles from one array on disk, by their rows."""

    def __init__(self, tiles: UInt8[np.ndarray, "n h w 3"]) -> None:
        self.tiles = tiles

    def __len__(self) -> int:
        return len(self.tiles)

    def __getitem__(self, rows: Sequence[int]) -> UInt8[Tensor, "b h w 3"]:
        return torch.from_numpy(self.tiles[np.sort(np.asarray(rows))])


class Shuffled(Sampler[list[int]]):
    """All rows anew in each epoch, in batches of one size; what is left over waits for the next.

    The order depends on (seed, epoch) alone, so that a resumed training goes on as it would have.
    """

    def __init__(self, *, rows: int, batch: int, seed: int) -> None:
        self.rows, self.batch, self.seed, self.epoch = rows, batch, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Lightning calls it before each epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.rows // self.batch

    def __iter__(self) -> Iterator[list[int]]:
        order = np.random.default_rng([self.seed, self.epoch]).permutation(self.rows)
        for start in range(0, len(self) * self.batch, self.batch):
            yield order[start : start + self.batch].tolist()


class LitContrast(lightning.LightningModule):
    """SimCLR: two looks at a tile are alike, those of other tiles are not.

    Args:
        network: tiles -> one vector of `dim` each.
        dim: its width.
        mean: of the channels over the training tiles, in [0, 1].
        sd: their standard deviation.
        temperature: of the loss, above 0.
        smallest: of a look, as `another_look` says.
        stain: of a look, as `another_look` says.
        lr: peak learning rate of AdamW, which falls to 0 along half a cosine.
        epochs: in all.
        seed: of the looks, with epoch and batch.

    Source: Chen 2020 (SimCLR).
    """

    def __init__(
        self,
        *,
        network: nn.Module,
        dim: int,
        mean: Sequence[float],
        sd: Sequence[float],
        temperature: float,
        smallest: float,
        stain: float,
        lr: float,
        epochs: int,
        seed: int,
    ) -> None:
        super().__init__()
        self.mean: Tensor
        self.sd: Tensor
        self.network = network
        self.project = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, 128))
        self.temperature, self.smallest, self.stain = temperature, smallest, stain
        self.lr, self.epochs, self.seed = lr, epochs, seed
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("sd", torch.tensor(sd).view(1, 3, 1, 1))

    def training_step(self, batch: UInt8[Tensor, "b h w 3"], batch_idx: int) -> Tensor:
        """Loss of one batch; also how often a look finds its fellow among all others."""
        pixels = batch.permute(0, 3, 1, 2) / 255.0
        draw = torch.Generator().manual_seed(
            (self.seed * 1_000_003 + self.current_epoch) * 1_000_003 + batch_idx
        )
        looks = [
            another_look(pixels, draw, smallest=self.smallest, stain=self.stain) for _ in range(2)
        ]
        views = self._views(torch.cat(looks))
        owners = torch.arange(len(batch), device=batch.device).repeat(2)
        loss = contrastive(views, owners, self.temperature)
        found = (views @ views.T).fill_diagonal_(-2.0).argmax(dim=1)
        size = {"batch_size": len(batch)}
        self.log("loss", loss.detach(), on_epoch=True, on_step=False, **size)  # type: ignore[arg-type]
        right = (owners[found] == owners).float().mean()
        self.log("found", right, on_epoch=True, on_step=False, prog_bar=True, **size)  # type: ignore[arg-type]
        return loss

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """AdamW with a falling rate."""
        return adamw(
            list(self.parameters()),
            lr=self.lr,
            weight_decay=1e-4,
            schedule="cosine",
            epochs=self.epochs,
        )

    def _views(self, pixels: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 128"]:
        hidden = self.network((pixels - self.mean) / self.sd)
        return nn.functional.normalize(self.project(hidden), dim=1)
