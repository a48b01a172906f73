"""A row of numbers -> a token for each set of columns."""

import math
from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fusion.encoders.base import Encoder
from fusion.errors import ConfigError
from fusion.types import Tokens


class PathwayEncoder(Encoder[Tensor]):
    """A self-normalising network of its own for each gene family or pathway, all at once.

    A column may belong to several sets, or to none: then it is no input. The first layers lie in
    one matrix, rows of a set one after the other, so that sets of any size need no padding.

    Args:
        groups: set -> the columns of the vector that belong to it; tokens come in this order.
        dim: width of a token.
        hidden: width of each set's hidden layer.
        dropout: probability, in [0, 1), of alpha dropout.

    Raises:
        ConfigError: where there is no set, or a set has no column.

    Sources: gene families of MCAT (Chen 2021), pathways of SurvPath (Jaume 2024), self-normalising
    networks (Klambauer 2017).

    Example:
        >>> encoder = PathwayEncoder(groups={"A": (0, 2), "B": (1, 2, 3)}, dim=8, hidden=16)
        >>> encoder(torch.zeros(5, 4)).features.shape
        torch.Size([5, 2, 8])
    """

    def __init__(
        self,
        *,
        groups: Mapping[str, Sequence[int]],
        dim: int = 128,
        hidden: int = 64,
        dropout: float = 0.25,
    ) -> None:
        super().__init__()
        empty = [name for name, columns in groups.items() if not columns]
        if empty or not groups:
            raise ConfigError(f"a pathway needs a column: {', '.join(empty) or 'none is given'}")
        self.dim = dim
        self.names = tuple(groups)
        self.sizes = [len(columns) for columns in groups.values()]
        members = [column for columns in groups.values() for column in columns]
        self.members: Tensor
        self.register_buffer("members", torch.tensor(members), persistent=False)
        # variance 1 / fan-in, which is what self-normalising networks start from
        spread = torch.tensor(self.sizes).rsqrt().repeat_interleave(torch.tensor(self.sizes))
        self.inner = nn.Parameter(torch.randn(len(members), hidden) * spread[:, None])
        self.inner_bias = nn.Parameter(torch.zeros(len(groups), hidden))
        self.outer = nn.Parameter(torch.randn(len(groups), hidden, dim) / math.sqrt(hidden))
        self.outer_bias = nn.Parameter(torch.zeros(len(groups), dim))
        self.activation = nn.Sequential(nn.SELU(), nn.AlphaDropout(dropout))

    def forward(self, x: Float[Tensor, "batch columns"]) -> Tokens:
        """A token per set, all of them there."""
        values = x[:, self.members].split(self.sizes, dim=1)
        pairs = zip(values, self.inner.split(self.sizes), strict=True)
        hidden = torch.stack([value @ weight for value, weight in pairs])
        hidden = self.activation(hidden + self.inner_bias[:, None])
        tokens = self.activation(torch.bmm(hidden, self.outer) + self.outer_bias[:, None])
        features = tokens.transpose(0, 1)
        mask = torch.ones(features.shape[:2], dtype=torch.bool, device=features.device)
        return Tokens(features, mask)
