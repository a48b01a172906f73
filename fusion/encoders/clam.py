"""A bag of tiles -> one token, by attention that also has to sort tiles."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fusion.encoders.base import Encoder, one_token
from fusion.encoders.gated_attention import GatedAttention
from fusion.encoders.tile_embedding import TileEmbedding
from fusion.types import Bags, Tokens


class ClamEncoder(Encoder[Bags]):
    """Gated attention, and a penalty that keeps the most and least attended tiles apart.

    In CLAM a classifier of tiles learns, for the class that the bag is labelled with, to call the
    most attended tiles evidence and the least attended ones not. An encoder knows no labels, and
    a bag may have those of several tasks, or a survival time: here one classifier serves all of
    them, which is CLAM's single-branch form less its choice of classifier by class. The penalty
    is the cross entropy of that classifier, by which the embedding is trained too.

    Args:
        features: width of a tile's features.
        dim: width of the token, and of a tile's embedding.
        attention_dim: width inside the attention.
        dropout: probability, in [0, 1), after the embedding and after the gate.
        instances: so many most, and so many least attended tiles of a bag; at most half of it
            each, so that a bag of one tile adds nothing.
        instance_weight: factor of the penalty `instance`.

    Source: Lu 2021 (CLAM); its smooth top-1 SVM loss is a cross entropy here.

    Example:
        >>> bags = Bags(torch.rand(5, 3), torch.tensor([0, 2, 5]))
        >>> encoder = ClamEncoder(features=3, dim=8, attention_dim=4)
        >>> list(encoder(bags).penalties), list(encoder.eval()(bags).penalties)
        (['instance'], [])
    """

    def __init__(
        self,
        *,
        features: int,
        dim: int = 256,
        attention_dim: int = 128,
        dropout: float = 0.25,
        instances: int = 8,
        instance_weight: float = 0.3,
    ) -> None:
        super().__init__()
        self.dim = dim
        self.instances = instances
        self.instance_weight = instance_weight
        self.embed = TileEmbedding(features=features, dim=dim, dropout=dropout)
        self.attend = GatedAttention(dim=dim, attention_dim=attention_dim, dropout=dropout)
        self.evidence = nn.Linear(dim, 1)

    def forward(self, x: Bags) -> Tokens:
        """One token per patient; in training, the penalty over the batch."""
        hidden = self.embed(x.features)
        pooled, weights = self.attend(hidden, x.lengths.tolist())
        tokens = one_token(pooled)
        if not self.training:
            return tokens
        penalty = self.instance_weight * self._instance_loss(hidden, weights, x)
        return Tokens(tokens.features, tokens.mask, {"instance": penalty})

    def _instance_loss(
        self, hidden: Float[Tensor, "total dim"], weights: Float[Tensor, " total"], bags: Bags
    ) -> Float[Tensor, ""]:
        """Mean over the tiles asked; 0 where every bag has one tile."""
        most, least = [], []
        for start, part in zip(bags.offsets, weights.split(bags.lengths.tolist()), strict=False):
            count = min(self.instances, len(part) // 2)
            most.append(start + part.topk(count).indices)
            least.append(start + part.topk(count, largest=False).indices)
        asked = torch.cat([*most, *least])
        truth = torch.zeros(len(asked), device=hidden.device)
        truth[: len(asked) // 2] = 1.0
        scores = self.evidence(hidden[asked]).squeeze(-1)
        total: Tensor = nn.functional.binary_cross_entropy_with_logits(
            scores, truth.to(scores.dtype), reduction="sum"
        )
        return total / max(len(asked), 1)
