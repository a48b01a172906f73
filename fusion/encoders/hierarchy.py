"""A bag of tiles -> one token, by way of slides and sampled regions."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from fusion.encoders.base import Encoder, one_token
from fusion.encoders.gated_attention import GatedAttention
from fusion.encoders.tile_embedding import TileEmbedding
from fusion.types import Bags, Tokens

LEVELS = ("slides", "regions", "patients")


class HierarchyEncoder(Encoder[Bags]):
    """Gated attention three times: tiles of a slide, slides of a region, regions of a patient.

    A patient with one large slide and one small one has both looked at alike; in one bag the large
    one would be most of it. A slide, or a region, that is alone passes through as it is. Without
    `Bags.parts` each bag is one slide, and this is gated attention.

    Args:
        features: width of a tile's features.
        dim: width of the token, and of a tile's embedding.
        attention_dim: width inside each attention.
        dropout: probability, in [0, 1), after the embedding and after the gates.

    Source: Yang 2016 (hierarchical attention); Ilse 2018 for each level.

    Example:
        >>> parts = torch.tensor([[0, 0], [0, 0], [1, 0], [0, 0], [1, 1]])
        >>> bags = Bags(torch.rand(5, 3), torch.tensor([0, 3, 5]), parts)
        >>> HierarchyEncoder(features=3, dim=8, attention_dim=4)(bags).features.shape
        torch.Size([2, 1, 8])
    """

    def __init__(
        self, *, features: int, dim: int = 256, attention_dim: int = 128, dropout: float = 0.25
    ) -> None:
        super().__init__()
        self.dim = dim
        self.embed = TileEmbedding(features=features, dim=dim, dropout=dropout)
        self.attend = nn.ModuleDict(
            {
                level: GatedAttention(dim=dim, attention_dim=attention_dim, dropout=dropout)
                for level in LEVELS
            }
        )

    def forward(self, x: Bags) -> Tokens:
        """One token per patient."""
        found = self.embed(x.features)
        owner = x.owner
        slide, region = (torch.zeros_like(owner),) * 2 if x.parts is None else x.parts.unbind(dim=1)
        where = torch.stack([owner, region, slide], dim=1)
        for level, depth in zip(LEVELS, (3, 2, 1), strict=True):
            found, where = self._pool(level, found, where[:, :depth])
        return one_token(found)

    def _pool(
        self, level: str, rows: Float[Tensor, "n dim"], where: Int[Tensor, "n depth"]
    ) -> tuple[Float[Tensor, "m dim"], Int[Tensor, "m depth"]]:
        """One vector for each place, in the order of places."""
        places, group, lengths = where.unique(dim=0, return_inverse=True, return_counts=True)
        order = group.argsort(stable=True)
        pooled, _ = self.attend[level](rows[order], lengths.tolist())
        return pooled, places
