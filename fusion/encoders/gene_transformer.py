"""A row of numbers -> one token, by attention among its columns."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fusion.encoders.base import Encoder, one_token
from fusion.encoders.self_attention import FeedForward, SelfAttention
from fusion.errors import ConfigError
from fusion.types import Tokens


class GeneTransformerEncoder(Encoder[Tensor]):
    """Every column is a token: who it is, plus what it says; a class token reads them all.

    Time grows with the square of the columns, so that there is a declared limit.

    Args:
        in_features: columns of the vector.
        dim: width of a token; a multiple of `heads`.
        layers: at least 1.
        heads: of attention.
        most_columns: more are refused.
        dropout: probability, in [0, 1).

    Raises:
        ConfigError: for too many columns, no layer, or heads that do not divide `dim`.

    Sources: FT-Transformer (Gorishniy 2021); a shared embedding of values as in scGPT (Cui 2024).

    Example:
        >>> encoder = GeneTransformerEncoder(in_features=5, dim=8, heads=2)
        >>> encoder(torch.zeros(2, 5)).features.shape
        torch.Size([2, 1, 8])
    """

    def __init__(
        self,
        *,
        in_features: int,
        dim: int = 64,
        layers: int = 2,
        heads: int = 4,
        most_columns: int = 2000,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if in_features > most_columns:
            raise ConfigError(
                f"encoder gene_transformer: {in_features} columns, at most {most_columns}; choose "
                "some (table.select_variance, table.columns_file), or raise encoder.most_columns"
            )
        if layers < 1:
            raise ConfigError(f"encoder gene_transformer: layers is {layers}, expected at least 1")
        self.dim = dim
        self.gene = nn.Parameter(torch.randn(in_features, dim) * 0.02)
        self.value = nn.Sequential(nn.Linear(1, dim), nn.GELU(), nn.Linear(dim, dim))
        self.class_token = nn.Parameter(torch.randn(1, 1, dim) * 0.02)
        self.attentions = nn.ModuleList(
            SelfAttention(dim=dim, heads=heads, dropout=dropout) for _ in range(layers)
        )
        self.feeds = nn.ModuleList(FeedForward(dim=dim, dropout=dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(dim)

    def forward(self, x: Float[Tensor, "batch columns"]) -> Tokens:
        """One token per patient."""
        tokens = self.value(x.unsqueeze(2)) + self.gene
        tokens = torch.cat([self.class_token.expand(len(x), 1, -1).to(tokens.dtype), tokens], dim=1)
        pairs = list(zip(self.attentions, self.feeds, strict=True))
        for attention, feed in pairs[:-1]:
            tokens = feed(attention(tokens, asking=tokens.shape[1]))
        attention, feed = pairs[-1]
        return one_token(self.norm(feed(attention(tokens, asking=1))[:, 0]))
