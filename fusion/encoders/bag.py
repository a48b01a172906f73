"""A bag of tiles -> one token, by gated attention."""

from jaxtyping import Float
from torch import Tensor

from fusion.encoders.base import Encoder, one_token
from fusion.encoders.gated_attention import GatedAttention
from fusion.encoders.tile_embedding import TileEmbedding
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
        >>> import torch
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
        self.embed = TileEmbedding(features=features, dim=dim, dropout=dropout)
        self.attend = GatedAttention(dim=dim, attention_dim=attention_dim, dropout=dropout)

    def forward(self, x: Bags) -> Tokens:
        """One token per patient."""
        return one_token(self.attend(self.embed(x.features), x.lengths.tolist())[0])

    def attention(self, bags: Bags) -> Float[Tensor, " total"]:
        """The weight of every tile; they sum to 1 within a bag. Call it in evaluation mode."""
        weights: Tensor = self.attend(self.embed(bags.features), bags.lengths.tolist())[1]
        return weights
