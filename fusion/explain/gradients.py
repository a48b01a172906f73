"""Scores of tiles by the slope of an answer."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

Ask = Callable[[Float[Tensor, "tiles dim"]], Float[Tensor, ""]]
"""Tiles -> one number."""


def gradient_times_input(ask: Ask, tiles: Float[Tensor, "tiles dim"]) -> Float[Tensor, " tiles"]:
    """What each tile adds if the answer were as straight everywhere as it is here.

    Source: Shrikumar 2016; Ancona 2018.

    Example:
        >>> gradient_times_input(lambda x: (2 * x).sum(), torch.tensor([[1.0, 2.0], [0.0, -1.0]]))
        tensor([ 6., -2.])
    """
    return (_slope(ask, tiles) * tiles).sum(dim=1)


def integrated_gradients(
    ask: Ask, tiles: Float[Tensor, "tiles dim"], *, steps: int = 32, power: float = 1.0
) -> Float[Tensor, " tiles"]:
    """What each tile adds on the straight way from average tiles (zeros) to these.

    Scores sum to the answer less that for zeros (completeness), but for the error of the sum over
    `steps` midpoints, which shrinks with their square.

    Args:
        ask: what is explained.
        tiles: as the encoder gets them, zero being the average tile of training.
        steps: points on the way, at least 1.
        power: above 1 puts more of them near zero: midpoints of u, at the share u ** power of the
            way. A network whose first layer is followed by a norm changes its answer there only.

    Source: Sundararajan, Taly and Yan 2017.

    Example:
        >>> square = lambda x: (x ** 2).sum()
        >>> integrated_gradients(square, torch.tensor([[3.0], [-1.0]]), steps=4)
        tensor([9., 1.])
    """
    total = torch.zeros_like(tiles)
    for step in range(steps):
        u = (step + 0.5) / steps
        total += _slope(ask, tiles * u**power) * (power * u ** (power - 1))
    return (total * tiles).sum(dim=1) / steps


def _slope(ask: Ask, tiles: Tensor) -> Tensor:
    with torch.enable_grad():
        at = tiles.detach().requires_grad_(True)
        return torch.autograd.grad(ask(at), at)[0]
