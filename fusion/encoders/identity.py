"""A row of a table as it is: one token of its numbers."""

from jaxtyping import Float
from torch import Tensor

from fusion.encoders.base import Encoder, one_token
from fusion.types import Tokens


class IdentityEncoder(Encoder[Tensor]):
    """Learns nothing, so that a head sees the numbers that a regression was fitted to.

    Args:
        in_features: columns of the vector, and width of the token.

    Example:
        >>> import torch
        >>> IdentityEncoder(in_features=2)(torch.tensor([[1.0, 2.0]])).features.tolist()
        [[[1.0, 2.0]]]
    """

    def __init__(self, *, in_features: int) -> None:
        super().__init__()
        self.dim = in_features

    def forward(self, x: Float[Tensor, "batch columns"]) -> Tokens:
        """Pass on."""
        return one_token(x)
