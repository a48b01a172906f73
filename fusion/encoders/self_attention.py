"""Attention of a sequence over itself."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor, nn

from fusion.errors import ConfigError

Heads = Float[Tensor, "batch heads _ width"]
Attend = Callable[[Heads, Heads, Heads], Heads]
"""Queries, keys and values -> answers."""

exact: Attend = nn.functional.scaled_dot_product_attention
"""Every query looks at every key; memory is linear, time is not."""


class SelfAttention(nn.Module):
    """Pre-norm multi-head attention with its residual; the first positions may ask alone.

    Weights are not dropped but answers are: torch would otherwise build the matrix of all pairs.

    Args:
        dim: width; a multiple of `heads`.
        heads: of attention.
        dropout: probability, in [0, 1), of the answers.

    Raises:
        ConfigError: where the heads do not divide `dim`.

    Sources: Vaswani 2017, Xiong 2020 (pre-norm).

    Example:
        >>> import torch
        >>> SelfAttention(dim=8, heads=2, dropout=0.0)(torch.zeros(1, 5, 8), asking=1).shape
        torch.Size([1, 1, 8])
    """

    def __init__(self, *, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        if dim % heads:
            raise ConfigError(f"dim is {dim}, expected a multiple of the {heads} heads")
        self.heads = heads
        self.norm = nn.LayerNorm(dim)
        self.query = nn.Linear(dim, dim)
        self.key_value = nn.Linear(dim, 2 * dim)
        self.out = nn.Sequential(nn.Linear(dim, dim), nn.Dropout(dropout))

    def forward(
        self, x: Float[Tensor, "batch n dim"], *, asking: int, attend: Attend = exact
    ) -> Float[Tensor, "batch q dim"]:
        """The first `asking` positions anew."""
        normed = self.norm(x)
        key, value = self.key_value(normed).chunk(2, dim=2)
        parts = (self.query(normed[:, :asking]), key, value)
        read = attend(*(part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in parts))
        answer: Tensor = x[:, :asking] + self.out(read.transpose(1, 2).flatten(2))
        return answer


class FeedForward(nn.Module):
    """Pre-norm network on each position, with its residual.

    Example:
        >>> import torch
        >>> FeedForward(dim=8, dropout=0.0)(torch.zeros(1, 5, 8)).shape
        torch.Size([1, 5, 8])
    """

    def __init__(self, *, dim: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.LayerNorm(dim),
            nn.Linear(dim, 2 * dim),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(2 * dim, dim),
            nn.Dropout(dropout),
        )

    def forward(self, x: Float[Tensor, "batch n dim"]) -> Float[Tensor, "batch n dim"]:
        """Add what the network says."""
        added: Tensor = self.layers(x)
        return x + added
