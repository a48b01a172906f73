"""A bag of tiles -> one token, by way of slides and sampled regions."""

from dataclasses import replace

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from fusion.encoders.base import Encoder, one_token
from fusion.encoders.gated_attention import GatedAttention
from fusion.encoders.tile_embedding import TileEmbedding
from fusion.errors import ConfigError
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
        classes: that regions may be of; where `Bags.labels` tell them, the tokens carry the loss
            of a layer that tells regions apart (`regions` among their penalties), in evaluation
            too. 0 has none.

    Source: Yang 2016 (hierarchical attention); Ilse 2018 for each level.

    Example:
        >>> parts = torch.tensor([[0, 0], [0, 0], [1, 0], [0, 0], [1, 1]])
        >>> bags = Bags(torch.rand(5, 3), torch.tensor([0, 3, 5]), parts)
        >>> HierarchyEncoder(features=3, dim=8, attention_dim=4)(bags).features.shape
        torch.Size([2, 1, 8])
    """

    def __init__(
        self,
        *,
        features: int,
        dim: int = 256,
        attention_dim: int = 128,
        dropout: float = 0.25,
        classes: int = 0,
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
        self.tell = nn.Linear(dim, classes) if classes else None
        self.losses = ("regions",) if classes else ()

    def forward(self, x: Bags) -> Tokens:
        """One token per patient."""
        regions, where = self._regions(x)
        found, _ = self._pool("patients", regions, where[:, :1])
        return replace(one_token(found), penalties=self._penalties(regions, where, x))

    def region_logits(
        self, x: Bags
    ) -> tuple[Float[Tensor, "regions classes"], Int[Tensor, "regions 2"]]:
        """What each region may be; and its bag and number, in that order.

        Raises:
            ConfigError: for an encoder that does not tell regions.
        """
        if self.tell is None:
            raise ConfigError("this encoder tells no regions; set region_classes and train again")
        regions, where = self._regions(x)
        return self.tell(regions), where

    def _regions(self, x: Bags) -> tuple[Float[Tensor, "regions dim"], Int[Tensor, "regions 2"]]:
        found = self.embed(x.features)
        owner = x.owner
        slide, region = (torch.zeros_like(owner),) * 2 if x.parts is None else x.parts.unbind(dim=1)
        where = torch.stack([owner, region, slide], dim=1)
        for level, depth in zip(LEVELS[:2], (3, 2), strict=True):
            found, where = self._pool(level, found, where[:, :depth])
        return found, where

    def _penalties(
        self, regions: Float[Tensor, "regions dim"], where: Int[Tensor, "regions 2"], x: Bags
    ) -> dict[str, Tensor]:
        if self.tell is None or x.labels is None or x.parts is None:
            return {}
        # in the order of `where`, which `unique` has sorted as well
        _, place = torch.stack([x.owner, x.parts[:, 1]], dim=1).unique(dim=0, return_inverse=True)
        labels = x.labels.new_full((len(where),), -1).scatter_reduce(0, place, x.labels, "amax")
        known = labels >= 0
        if not bool(known.any()):
            return {}
        return {"regions": functional.cross_entropy(self.tell(regions[known]), labels[known])}

    def _pool(
        self, level: str, rows: Float[Tensor, "n dim"], where: Int[Tensor, "n depth"]
    ) -> tuple[Float[Tensor, "m dim"], Int[Tensor, "m depth"]]:
        """One vector for each place, in the order of places."""
        places, group, lengths = where.unique(dim=0, return_inverse=True, return_counts=True)
        order = group.argsort(stable=True)
        pooled, _ = self.attend[level](rows[order], lengths.tolist())
        return pooled, places
