"""A bag of tiles -> one token, by gated attention."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fusion.encoders.base import Encoder
from fusion.types import Bags, Tokens


class GatedAttentionEncoder(Encoder[Bags]):
    """Gated attention pooling (Ilse, Tomczak and Welling 2018) of bags that travel packed.

    A tile is embedded, scored by `w . (tanh(V h) * sigmoid(U h))`, and weighed by the softmax of
    the scores over its own bag. Bags are never padded.

    Args:
        features: width of a tile's features.
        dim: width of the token, and of a tile's embedding.
        attention_dim: width of V and U.
        dropout: probability, in [0, 1), after the embedding and after the gate.

    Example:
        >>> bags = Bags(torch.zeros(5, 3), torch.tensor([0, 2, 5]))
        >>> encoder = GatedAttentionEncoder(features=3, dim=8, attention_dim=4, dropout=0.0)
        >>> encoder(bags).features.shape
        torch.Size([2, 1, 8])
        >>> encoder.attention(bags)[:2].tolist()
        [0.5, 0.5]
    """

    def __init__(
        self, *, features: int, dim: int = 256, attention_dim: int = 128, dropout: float = 0.25
    ) -> None:
        super().__init__()
        self.dim = dim
        self.embed = nn.Sequential(nn.Linear(features, dim), nn.ReLU(), nn.Dropout(dropout))
        self.content = nn.Sequential(nn.Linear(dim, attention_dim), nn.Tanh())
        self.gate = nn.Sequential(nn.Linear(dim, attention_dim), nn.Sigmoid())
        self.score = nn.Sequential(nn.Dropout(dropout), nn.Linear(attention_dim, 1))

    def forward(self, x: Bags) -> Tokens:
        """One token per patient."""
        hidden = self.embed(x.features)
        weights = segment_softmax(self._scores(hidden), x)
        # bag by bag: as fast as scattering, half the memory, and no atomic sums on a GPU, whose
        # order would change the last bits from run to run
        lengths = x.lengths.tolist()
        pooled = [w @ h for w, h in zip(weights.split(lengths), hidden.split(lengths), strict=True)]
        features = torch.stack(pooled).unsqueeze(1)
        return Tokens(features, torch.ones(len(x), 1, dtype=torch.bool, device=features.device))

    def attention(self, bags: Bags) -> Float[Tensor, " total"]:
        """The weight of every tile; they sum to 1 within a bag. Call it in evaluation mode."""
        return segment_softmax(self._scores(self.embed(bags.features)), bags)

    def _scores(self, hidden: Float[Tensor, "total dim"]) -> Float[Tensor, " total"]:
        scores: Tensor = self.score(self.content(hidden) * self.gate(hidden))
        return scores.squeeze(-1)


def segment_softmax(scores: Float[Tensor, " total"], bags: Bags) -> Float[Tensor, " total"]:
    """Softmax within each bag; any finite score is safe.

    Example:
        >>> bags = Bags(torch.zeros(3, 1), torch.tensor([0, 1, 3]))
        >>> segment_softmax(torch.tensor([1e30, 7.0, 7.0]), bags).tolist()
        [1.0, 0.5, 0.5]
    """
    parts = scores.split(bags.lengths.tolist())
    return torch.cat([part.softmax(dim=0) for part in parts])
