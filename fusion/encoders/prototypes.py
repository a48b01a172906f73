"""A bag of tiles -> a token for each kind of tile."""

from collections.abc import Iterable

import numpy as np
import torch
from jaxtyping import Float
from sklearn.cluster import MiniBatchKMeans
from torch import Tensor, nn

from fusion.encoders.base import Encoder
from fusion.encoders.tile_embedding import ROWS
from fusion.errors import ConfigError, TrainingError
from fusion.types import Bags, Tokens


class PrototypeEncoder(Encoder[Bags]):
    """How much of each kind a slide has, and what that kind looks like in it.

    Kinds are the clusters of the training patients' tiles, as Gaussians with a diagonal. A tile
    belongs to each by its posterior; one step of expectation maximisation gives each kind's share,
    mean and variance in the slide, drawn towards those of training with the weight of one tile.
    Share, mean and variance become the token through a layer of the kind's own.

    A slide of any size is a few numbers for each kind, so that many patients make a batch.

    Args:
        features: width of a tile's features.
        dim: width of a token.
        prototypes: kinds of tiles, at least 2; so many tokens.
        tiles: drawn from each training patient to find the kinds.
        dropout: probability, in [0, 1), after the layer.

    Sources: PANTHER (Song, CVPR 2024), MMP (Song, ICML 2024), both with 16 prototypes.

    Example:
        >>> _ = torch.manual_seed(0)
        >>> bags = Bags(torch.randn(50, 3), torch.tensor([0, 20, 50]))
        >>> encoder = PrototypeEncoder(features=3, dim=8, prototypes=4)
        >>> encoder.fit([bags], seed=0)
        >>> encoder(bags).features.shape
        torch.Size([2, 4, 8])
    """

    mean: Tensor
    variance: Tensor
    share: Tensor

    def __init__(
        self,
        *,
        features: int,
        dim: int = 256,
        prototypes: int = 16,
        tiles: int = 1000,
        dropout: float = 0.25,
    ) -> None:
        super().__init__()
        self.dim = dim
        self.tiles = tiles
        self.register_buffer("mean", torch.full((prototypes, features), torch.nan))
        self.register_buffer("variance", torch.ones(prototypes, features))
        self.register_buffer("share", torch.full((prototypes,), 1 / prototypes))
        self.weight = nn.Parameter(torch.randn(prototypes, 2 * features + 1, dim))
        self.weight.data *= (2 * features + 1) ** -0.5
        self.bias = nn.Parameter(torch.zeros(prototypes, dim))
        self.after = nn.Sequential(nn.ReLU(), nn.Dropout(dropout))

    def fit(self, inputs: Iterable[Bags], *, seed: int) -> None:
        """Find the kinds among tiles of the training patients.

        Raises:
            TrainingError: where there are fewer tiles than kinds.
        """
        draw = torch.Generator().manual_seed(seed)
        kept = [
            bag[torch.randperm(len(bag), generator=draw)[: self.tiles]]
            for some in inputs
            for bag in some.features.cpu().split(some.lengths.tolist())
        ]
        tiles = torch.cat(kept)
        if len(tiles) < len(self.mean):
            raise TrainingError(
                f"encoder prototypes: {len(tiles)} training tiles for {len(self.mean)} prototypes"
            )
        kinds = MiniBatchKMeans(len(self.mean), random_state=seed, n_init=3, batch_size=4096)
        member = torch.from_numpy(kinds.fit_predict(tiles.numpy()).astype(np.int64))
        for k in range(len(self.mean)):
            mine = tiles[member == k]
            self.share[k] = max(len(mine), 1) / len(tiles)
            self.mean[k] = mine.mean(dim=0) if len(mine) else tiles.mean(dim=0)
            # drawn towards the spread of all tiles, so that a kind of few tiles is not a point
            spread = (mine - self.mean[k].cpu()).square().sum(dim=0) + tiles.var(dim=0)
            self.variance[k] = (spread / (len(mine) + 1)).clamp(min=1e-4)

    def forward(self, x: Bags) -> Tokens:
        """A token per kind; all of them are there, a kind that a slide lacks with a share of 0.

        Raises:
            ConfigError: before `fit`, or before fitted weights were loaded.
        """
        if bool(self.mean.isnan().any()):
            raise ConfigError("the prototypes are not fitted yet: call fit, or load weights")
        bags = x.features.split(x.lengths.tolist())
        # densities are differences of large numbers: never in half precision
        with torch.autocast(x.features.device.type, enabled=False):
            kinds = torch.stack([self._kinds(bag.float()) for bag in bags])
        tokens = torch.einsum("bkf,kfd->bkd", kinds, self.weight) + self.bias
        features: Tensor = self.after(tokens)
        mask = torch.ones(features.shape[:2], dtype=torch.bool, device=features.device)
        return Tokens(features, mask)

    def _kinds(self, bag: Float[Tensor, "tiles features"]) -> Float[Tensor, "prototypes _"]:
        """Share, mean and variance of each kind; the latter two relative to those of training."""
        exactness = self.variance.reciprocal()
        constant = self.share.log() - 0.5 * (
            self.variance.log() + self.mean.square() * exactness
        ).sum(dim=1)
        count, first, second = (torch.zeros_like(t) for t in (self.share, self.mean, self.mean))
        for rows in bag.split(ROWS):
            squares = rows.square()
            fits = rows @ (self.mean * exactness).t() - 0.5 * squares @ exactness.t() + constant
            belongs = fits.softmax(dim=1).t()
            count = count + belongs.sum(dim=1)
            first = first + belongs @ rows
            second = second + belongs @ squares
        total = (count + 1)[:, None]
        mean = (first + self.mean) / total
        square = (second + self.variance + self.mean.square()) / total
        scale = self.variance.sqrt()
        moved = (mean - self.mean) / scale
        spread = ((square - mean.square()) / self.variance).clamp(min=1e-6).log()
        return torch.cat([(count / len(bag))[:, None], moved, spread], dim=1)
