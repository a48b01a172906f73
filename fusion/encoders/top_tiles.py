"""A bag of tiles -> a token for each of those that score highest."""

from jaxtyping import Float
from torch import Tensor, nn

from fusion.encoders.base import Encoder
from fusion.encoders.pad import pad
from fusion.encoders.tile_embedding import TileEmbedding
from fusion.types import Bags, Tokens


class TopTilesEncoder(Encoder[Bags]):
    """Keeps the tiles that a learned score puts first.

    A tile is multiplied with the logistic function of its score, by which the head's loss teaches
    the score, as in the graph pooling of Gao and Ji (2019).

    Args:
        features: width of a tile's features.
        dim: width of a token.
        most: tiles of a patient; a smaller bag keeps all.
        dropout: probability, in [0, 1).

    Example:
        >>> import torch
        >>> bags = Bags(torch.rand(5, 3), torch.tensor([0, 2, 5]))
        >>> TopTilesEncoder(features=3, dim=8, most=2)(bags).mask.tolist()
        [[True, True], [True, True]]
    """

    def __init__(
        self, *, features: int, dim: int = 256, most: int = 256, dropout: float = 0.25
    ) -> None:
        super().__init__()
        self.dim = dim
        self.most = most
        self.embed = TileEmbedding(features=features, dim=dim, dropout=dropout)
        self.score = nn.Linear(dim, 1)

    def forward(self, x: Bags) -> Tokens:
        """A token for each tile that is kept, the highest score first."""
        return pad([self._chosen(bag) for bag in self.embed(x.features).split(x.lengths.tolist())])

    def _chosen(self, bag: Float[Tensor, "tiles dim"]) -> Float[Tensor, "kept dim"]:
        scores, places = self.score(bag).squeeze(-1).topk(min(self.most, len(bag)))
        return bag[places] * scores.sigmoid().unsqueeze(1)
