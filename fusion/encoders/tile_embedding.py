"""Tiles -> embedded tiles, for bags of any size."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from fusion.encoders.dropout import keep_mask
from fusion.encoders.precision import as_autocast

ROWS = 8192
"""Tiles at a time: few, so that memory between two operations is used again, and many, because
threads wait for each other after each operation (with 2,048 on two busy cores a step took half as
long again, measured)."""


class TileEmbedding(nn.Module):
    """Linear, ReLU, dropout; keeps for the gradient nothing but its own output.

    As three layers it would keep three matrices of a row per tile. What ReLU and dropout set to
    zero is read off the output, so that neither needs a mask.

    Args:
        features: width of a tile's features.
        dim: width of its embedding.
        dropout: probability, in [0, 1).

    Example:
        >>> TileEmbedding(features=3, dim=8, dropout=0.0)(torch.zeros(5, 3)).shape
        torch.Size([5, 8])
    """

    def __init__(self, *, features: int, dim: int, dropout: float) -> None:
        super().__init__()
        self.linear = nn.Linear(features, dim)
        self.dropout = dropout

    def forward(self, rows: Float[Tensor, "total features"]) -> Float[Tensor, "total dim"]:
        """Embed every row by itself."""
        values = as_autocast(rows, self.linear.weight, self.linear.bias)
        return _Embed.apply(*values, self.dropout if self.training else 0.0)


class _Embed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, p: float) -> Tensor:
        out = x.new_empty(len(x), len(weight))
        ctx.factor = 1.0
        for source, target in zip(x.split(ROWS), out.split(ROWS), strict=True):
            torch.addmm(bias, source, weight.t(), out=target).relu_()
            if p:
                keep, ctx.factor = keep_mask(target.shape, p, x.device)
                target.mul_(keep).mul_(ctx.factor)
        ctx.save_for_backward(x, weight, out)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, out = ctx.saved_tensors
        # sums over many rows are kept in single precision whatever the rows are in
        exact = torch.promote_types(weight.dtype, torch.float32)
        of_x = torch.empty_like(x) if ctx.needs_input_grad[0] else None
        of_weight = weight.new_zeros(weight.shape, dtype=exact)
        of_bias = weight.new_zeros(len(weight), dtype=exact)
        for i in range(0, len(x), ROWS):
            rows = slice(i, i + ROWS)
            # a number that is not above zero was cut by the ReLU, or dropped
            d = torch.ops.aten.threshold_backward(slope[rows], out[rows], 0) * ctx.factor
            if ctx.needs_input_grad[1]:
                of_weight += d.t() @ x[rows]
            of_bias += d.sum(dim=0, dtype=exact)
            if of_x is not None:
                torch.mm(d, weight, out=of_x[rows])
        return of_x, of_weight.to(weight.dtype), of_bias.to(weight.dtype), None
