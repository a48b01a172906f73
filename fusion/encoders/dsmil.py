"""A bag of tiles -> tokens, around its most telling tile."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fusion.encoders.base import Encoder
from fusion.encoders.tile_embedding import TileEmbedding
from fusion.types import Bags, Tokens


class DsmilEncoder(Encoder[Bags]):
    """Dual-stream MIL: the tile that scores highest, and all tiles by their likeness to it.

    For each stream, a linear score finds the critical tile of the bag; every tile is weighed by
    the softmax of its query's product with the critical tile's query. The token is the mean of the
    critical tile and of the weighted bag, as the paper averages the two streams' scores.

    There the score learns from the bag's label by a loss of its own. An encoder knows no labels:
    the critical tile is multiplied with the logistic function of its score instead, as graph
    pooling does (Gao and Ji 2019), so that the head's loss teaches it.

    Args:
        features: width of a tile's features.
        dim: width of a token, and of a tile's embedding.
        query_dim: width of a query.
        streams: tokens; the paper has one for each class.
        dropout: probability, in [0, 1), after the embedding.

    Source: Li, Li and Eliceiri 2021 (DSMIL).

    Example:
        >>> bags = Bags(torch.rand(5, 3), torch.tensor([0, 2, 5]))
        >>> DsmilEncoder(features=3, dim=8, query_dim=4, streams=2)(bags).features.shape
        torch.Size([2, 2, 8])
    """

    def __init__(
        self,
        *,
        features: int,
        dim: int = 256,
        query_dim: int = 128,
        streams: int = 1,
        dropout: float = 0.25,
    ) -> None:
        super().__init__()
        self.dim = dim
        self.embed = TileEmbedding(features=features, dim=dim, dropout=dropout)
        self.score = nn.Linear(dim, streams)
        self.query = nn.Sequential(
            nn.Linear(dim, query_dim), nn.ReLU(), nn.Linear(query_dim, query_dim), nn.Tanh()
        )
        self.value = nn.Linear(dim, dim)

    def forward(self, x: Bags) -> Tokens:
        """A token per stream."""
        bags = self.embed(x.features).split(x.lengths.tolist())
        features = torch.stack([self._bag(hidden) for hidden in bags])
        mask = torch.ones(features.shape[:2], dtype=torch.bool, device=features.device)
        return Tokens(features, mask)

    def _bag(self, hidden: Float[Tensor, "tiles dim"]) -> Float[Tensor, "streams dim"]:
        best, critical = self.score(hidden).max(dim=0)
        query = self.query(hidden)
        likeness = query @ query[critical].t() / math.sqrt(query.shape[1])
        # values are linear: pooled first, so that no tile needs one of its own
        bag = self.value(likeness.softmax(dim=0).t() @ hidden)
        return 0.5 * (bag + best.sigmoid().unsqueeze(1) * hidden[critical])
