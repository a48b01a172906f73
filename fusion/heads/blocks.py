"""Attention followed by a feed-forward network, pre-norm (Xiong 2020), of masked tokens."""

from jaxtyping import Bool, Float
from torch import Tensor, nn

from fusion.errors import ConfigError


class SelfBlock(nn.Module):
    """Attention of the first positions over all real ones of the same sequence.

    Args:
        dim: width of a token; a multiple of `heads`.
        heads: of attention.
        dropout: probability, in [0, 1).
        softmax_one: whether a position may also look at nothing (Miller 2023): weights are
            e^x_i / (1 + sum_j e^x_j), so they may sum to less than one.

    Raises:
        ConfigError: where the heads do not divide `dim`.
    """

    def __init__(self, *, dim: int, heads: int, dropout: float, softmax_one: bool = False) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.attention = attention(dim, heads, dropout, softmax_one=softmax_one)
        self.feed = feed_forward(dim, dropout)

    def forward(
        self,
        x: Float[Tensor, "batch n dim"],
        real: Bool[Tensor, "batch n"],
        *,
        asking: int,
        look: bool = False,
    ) -> tuple[Float[Tensor, "batch q dim"], Float[Tensor, "batch q n"] | None]:
        """The first `asking` positions anew, and, with `look`, what they looked at."""
        normed = self.norm(x)
        # weights of all on all are large and slow, and rarely read
        read, weights = self.attention(
            normed[:, :asking], normed, normed, key_padding_mask=~real, need_weights=look
        )
        answer = x[:, :asking] + read
        # with softmax_one the last column is what looked at nothing
        return answer + self.feed(answer), None if weights is None else weights[..., : x.shape[1]]


class CrossBlock(nn.Module):
    """Attention of one sequence over the real tokens of another, by `softmax_one`.

    Where nothing real is there to read, all weight is on nothing and the gradient is finite.

    Args:
        dim: width of a token; a multiple of `heads`.
        heads: of attention.
        dropout: probability, in [0, 1).

    Raises:
        ConfigError: where the heads do not divide `dim`.
    """

    def __init__(self, *, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norm_asking = nn.LayerNorm(dim)
        self.norm_read = nn.LayerNorm(dim)
        self.attention = attention(dim, heads, dropout, softmax_one=True)
        self.feed = feed_forward(dim, dropout)

    def forward(
        self,
        asking: Float[Tensor, "batch q dim"],
        read: Float[Tensor, "batch n dim"],
        real: Bool[Tensor, "batch n"],
        *,
        look: bool = False,
    ) -> tuple[Float[Tensor, "batch q dim"], Float[Tensor, "batch q n"] | None]:
        """`asking` anew, and, with `look`, what it looked at."""
        normed = self.norm_read(read)
        found, weights = self.attention(
            self.norm_asking(asking), normed, normed, key_padding_mask=~real, need_weights=look
        )
        answer = asking + found
        return answer + self.feed(answer), None if weights is None else weights[..., :-1]


def attention(dim: int, heads: int, dropout: float, *, softmax_one: bool) -> nn.MultiheadAttention:
    """Torch's own; its zero key has the score 0 and the value 0, which is softmax_one.

    Raises:
        ConfigError: where the heads do not divide `dim`.
    """
    if dim % heads:
        raise ConfigError(
            f"attention of dim={dim} with heads={heads}; expected a dim that the heads divide"
        )
    return nn.MultiheadAttention(
        dim, heads, dropout=dropout, batch_first=True, add_zero_attn=softmax_one
    )


def feed_forward(dim: int, dropout: float) -> nn.Sequential:
    """A norm and two layers."""
    return nn.Sequential(
        nn.LayerNorm(dim),
        nn.Linear(dim, 2 * dim),
        nn.GELU(),
        nn.Dropout(dropout),
        nn.Linear(2 * dim, dim),
        nn.Dropout(dropout),
    )
