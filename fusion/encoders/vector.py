"""A row of numbers (expression, mutations, clinic) -> one token."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fusion.encoders.base import Encoder
from fusion.types import Tokens


class VectorEncoder(Encoder[Tensor]):
    """Self-normalising network: activations keep mean 0 and variance 1 without a norm layer.

    SELU, alpha dropout and LeCun-normal weights belong together (Klambauer, Unterthiner, Mayr
    and Hochreiter 2017); the input is taken to be standardised, as `VectorSource` makes it.

    Args:
        in_features: columns of the vector.
        dim: width of the token.
        hidden: widths of the layers before it.
        dropout: probability, in [0, 1).

    Example:
        >>> tokens = VectorEncoder(in_features=5, dim=8)(torch.zeros(2, 5))
        >>> tokens.features.shape, tokens.present.tolist()
        (torch.Size([2, 1, 8]), [True, True])
    """

    def __init__(
        self,
        *,
        in_features: int,
        dim: int = 128,
        hidden: Sequence[int] = (256,),
        dropout: float = 0.25,
    ) -> None:
        super().__init__()
        self.dim = dim
        widths = (in_features, *hidden, dim)
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [_lecun(nn.Linear(before, after)), nn.SELU(), nn.AlphaDropout(dropout)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Float[Tensor, "batch columns"]) -> Tokens:
        """Encode."""
        features = self.layers(x).unsqueeze(1)
        return Tokens(features, torch.ones(len(x), 1, dtype=torch.bool, device=x.device))


def _lecun(linear: nn.Linear) -> nn.Linear:
    """Weights of variance 1 / fan-in, which is what torch calls Kaiming with a linear gain."""
    nn.init.kaiming_normal_(linear.weight, nonlinearity="linear")
    nn.init.zeros_(linear.bias)
    return linear
