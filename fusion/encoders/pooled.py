"""A bag of tiles -> one token, by mean or maximum."""

import torch

from fusion.encoders.base import Encoder, one_token
from fusion.encoders.tile_embedding import TileEmbedding
from fusion.errors import ConfigError
from fusion.types import Bags, Tokens


class PooledEncoder(Encoder[Bags]):
    """Embedded tiles, averaged or at their maximum number by number: the floor of MIL.

    Args:
        features: width of a tile's features.
        dim: width of the token, and of a tile's embedding.
        pool: `mean`, or `max`, to which a tile matters only where it is the largest.
        dropout: probability, in [0, 1), after the embedding.

    Raises:
        ConfigError: for an unknown pool.

    Source: Deep Sets (Zaheer 2017).

    Example:
        >>> bags = Bags(torch.rand(5, 3), torch.tensor([0, 2, 5]))
        >>> PooledEncoder(features=3, dim=8, pool="max")(bags).features.shape
        torch.Size([2, 1, 8])
    """

    def __init__(
        self,
        *,
        features: int,
        dim: int = 256,
        pool: str = "mean",
        dropout: float = 0.25,
    ) -> None:
        super().__init__()
        if pool not in ("mean", "max"):
            raise ConfigError(f"pool {pool!r} does not exist, there are 'mean' and 'max'")
        self.dim = dim
        self.pool = pool
        self.embed = TileEmbedding(features=features, dim=dim, dropout=dropout)

    def forward(self, x: Bags) -> Tokens:
        """One token per patient."""
        bags = self.embed(x.features).split(x.lengths.tolist())
        pooled = [bag.mean(dim=0) if self.pool == "mean" else bag.amax(dim=0) for bag in bags]
        return one_token(torch.stack(pooled))
