"""A bag of tiles -> a token for each of them."""

import torch
from jaxtyping import Float
from torch import Tensor

from fusion.content_order import content_order
from fusion.encoders.base import Encoder
from fusion.encoders.pad import pad
from fusion.encoders.tile_embedding import TileEmbedding
from fusion.types import Bags, Tokens


class TilesEncoder(Encoder[Bags]):
    """Keeps tiles apart, embedded: for heads that let other modalities look at them.

    Tokens are padded to the largest bag of the batch, so that its memory is patients times the
    largest bag, not the sum of all bags. `most` bounds it: training draws so many tiles of a
    larger bag anew at each step (as SurvPath does), evaluation takes so many that are evenly
    spread over the bag's kinds of tiles, the same ones every time.

    Args:
        features: width of a tile's features.
        dim: width of a token.
        most: tiles of a patient; None keeps all.
        dropout: probability, in [0, 1).

    Example:
        >>> bags = Bags(torch.rand(5, 3), torch.tensor([0, 2, 5]))
        >>> TilesEncoder(features=3, dim=8, most=2)(bags).features.shape
        torch.Size([2, 2, 8])
    """

    def __init__(
        self, *, features: int, dim: int = 256, most: int | None = 4096, dropout: float = 0.25
    ) -> None:
        super().__init__()
        self.dim = dim
        self.most = most
        self.embed = TileEmbedding(features=features, dim=dim, dropout=dropout)

    def forward(self, x: Bags) -> Tokens:
        """A token for each tile that is kept."""
        lengths = x.lengths.tolist()
        if self.most is None or max(lengths, default=0) <= self.most:
            return pad(self.embed(x.features).split(lengths))  # no copy of the bags
        bags = [self._chosen(bag) for bag in x.features.split(lengths)]
        return pad(self.embed(torch.cat(bags)).split([len(bag) for bag in bags]))

    def _chosen(self, bag: Float[Tensor, "tiles features"]) -> Float[Tensor, "kept features"]:
        if self.most is None or len(bag) <= self.most:
            return bag
        if self.training:
            # in the order of the bag: who draws only a part still reads it from front to back
            return bag[torch.randperm(len(bag), device=bag.device)[: self.most].sort().values]
        step = len(bag) / self.most
        places = ((torch.arange(self.most, device=bag.device) + 0.5) * step).long()
        return bag[content_order(bag)[places]]
