"""The identity, whose gradient points the other way."""

from typing import Any

import torch
from torch import Tensor


class _Reversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, strength: float) -> Tensor:
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -ctx.strength * gradients[0], None


def reverse(x: Tensor, strength: float) -> Tensor:
    """`x`, and on the way back the gradient times -`strength`.

    Source: Ganin et al. 2016 (DANN).

    Example:
        >>> x = torch.tensor([3.0], requires_grad=True)
        >>> (2 * reverse(x, 0.5)).sum().backward()
        >>> x.grad.item()
        -1.0
    """
    result: Tensor = _Reversal.apply(x, strength)
    return result
