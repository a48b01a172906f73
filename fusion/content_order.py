"""An order of tiles that depends on what they are, not on where they are stored."""

import torch
from jaxtyping import Float, Float64, Int
from torch import Tensor

ROWS = 4096


def content_order(features: Float[Tensor, "tiles features"]) -> Int[Tensor, " tiles"]:
    """Indices that sort tiles along a fixed direction of their features.

    In double precision, so that rounding does not swap tiles; two tiles of the same features may
    swap, which changes nothing.

    Example:
        >>> rows = torch.tensor([[3.0], [1.0], [2.0]])
        >>> content_order(rows).tolist()
        [1, 2, 0]
    """
    return content_key(features).argsort(stable=True)


def content_key(features: Float[Tensor, "tiles features"]) -> Float64[Tensor, " tiles"]:
    """Where each tile lies along the fixed direction; no gradient.

    Example:
        >>> content_key(torch.tensor([[3.0], [1.0]])).tolist()
        [3.0, 1.0]
    """
    index = torch.arange(features.shape[1], dtype=torch.float64, device=features.device)
    direction = torch.cos(index * index)
    with torch.no_grad():
        keys = [(part.double() * direction).sum(dim=1) for part in features.split(ROWS)]
        return torch.cat(keys)
