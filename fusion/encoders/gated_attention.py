"""Gated attention over the rows of each bag, in little more memory than the rows themselves."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from fusion.encoders.dropout import keep_mask
from fusion.encoders.precision import as_autocast
from fusion.encoders.tile_embedding import ROWS


class GatedAttention(nn.Module):
    """Rows h of a bag -> their mean, weighed by softmax(w . (tanh(V h) * sigmoid(U h))).

    The gradient is written out by hand, a few rows at a time: it is that of the formula (a test
    compares it with a loop over tiles), and what is needed for it is let go as soon as it is used.
    `w` has no bias, which the softmax would cancel.

    Args:
        dim: width of a row.
        attention_dim: width of V and U.
        dropout: probability, in [0, 1), after the gate.

    Source: Ilse, Tomczak and Welling 2018, equations 8 and 9.

    Example:
        >>> attend = GatedAttention(dim=3, attention_dim=4, dropout=0.0)
        >>> pooled, weights = attend(torch.ones(5, 3), [2, 3])
        >>> pooled.shape, weights[:2].tolist()
        (torch.Size([2, 3]), [0.5, 0.5])
    """

    def __init__(self, *, dim: int, attention_dim: int, dropout: float) -> None:
        super().__init__()
        self.content = nn.Linear(dim, attention_dim)
        self.gate = nn.Linear(dim, attention_dim)
        self.score = nn.Linear(attention_dim, 1, bias=False)
        self.dropout = dropout

    def forward(
        self, rows: Float[Tensor, "total dim"], lengths: Sequence[int]
    ) -> tuple[Float[Tensor, "bags dim"], Float[Tensor, " total"]]:
        """The weighted mean of each bag, and the weights, which carry no gradient."""
        both = torch.cat([self.content.weight, self.gate.weight])
        bias = torch.cat([self.content.bias, self.gate.bias])
        values = as_autocast(rows, both, bias, self.score.weight[0])
        p = self.dropout if self.training else 0.0
        learning = torch.is_grad_enabled()
        return _Attend.apply(*values, tuple(lengths), p, learning)


class _Attend(torch.autograd.Function):
    """`gates` of a piece of rows are tanh(V h) beside sigmoid(U h)."""

    @staticmethod
    def forward(
        ctx: Any,
        h: Tensor,
        both: Tensor,
        bias: Tensor,
        score: Tensor,
        lengths: tuple[int, ...],
        p: float,
        learning: bool,
    ) -> tuple[Tensor, Tensor]:
        scores = h.new_empty(len(h))
        keep = torch.empty(len(h), len(score), dtype=torch.bool, device=h.device) if p else None
        ctx.factor, ctx.kept, ctx.lengths = 1.0, {}, lengths
        for _, rows in pieces(lengths):
            gates = _gates(h[rows], both, bias)
            if learning:
                ctx.kept[rows.start] = gates
            content, gate = gates.chunk(2, dim=1)
            gated = content * gate
            if keep is not None:
                keep[rows], ctx.factor = keep_mask(gated.shape, p, h.device)
                gated.mul_(keep[rows])
            torch.mv(gated, score, out=scores[rows])
        weights = torch.cat([part.softmax(0) for part in (scores * ctx.factor).split(lengths)])
        pairs = zip(weights.split(lengths), h.split(lengths), strict=True)
        # bag by bag: no atomic sums on a GPU, whose order would change the last bits
        pooled = torch.stack([w @ rows for w, rows in pairs])
        ctx.save_for_backward(h, both, bias, score, weights, keep, pooled)
        ctx.mark_non_differentiable(weights)
        return pooled, weights

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        h, both, bias, score, weights, keep, pooled = ctx.saved_tensors
        exact = torch.promote_types(both.dtype, torch.float32)
        of_h = torch.empty_like(h) if ctx.needs_input_grad[0] else None
        of_both, of_bias, of_score = (
            t.new_zeros(t.shape, dtype=exact) for t in (both, bias, score)
        )
        for i, rows in pieces(ctx.lengths):
            piece, w = h[rows], weights[rows]
            # taken out, so that its memory is free for the gradients; made again for a second call
            gates = ctx.kept.pop(rows.start, None)
            gates = _gates(piece, both, bias) if gates is None else gates
            content, gate = gates.chunk(2, dim=1)
            of_scores = w * (piece @ slope[i] - pooled[i] @ slope[i]) * ctx.factor
            gated = content * gate
            d = torch.outer(of_scores, score)
            if keep is not None:
                d.mul_(keep[rows])
            of_score += (gated if keep is None else gated * keep[rows]).t() @ of_scores
            # d gate (1 - content^2) = d (gate - content gated); d content gate (1 - gate) likewise
            of_content = (gate - content * gated).mul_(d)
            torch.mul(d, gated.addcmul_(gated, gate, value=-1), out=gate)
            content.copy_(of_content)
            if ctx.needs_input_grad[1]:
                of_both += gates.t() @ piece
            of_bias += gates.sum(dim=0, dtype=exact)
            if of_h is not None:
                torch.mm(gates, both, out=of_h[rows]).addr_(w, slope[i])
        slopes = zip((of_both, of_bias, of_score), (both, bias, score), strict=True)
        return of_h, *(s.to(t.dtype) for s, t in slopes), None, None, None


def _gates(rows: Tensor, both: Tensor, bias: Tensor) -> Tensor:
    gates = torch.addmm(bias, rows, both.t())
    content, gate = gates.chunk(2, dim=1)
    content.tanh_()
    gate.sigmoid_()
    return gates


def pieces(lengths: Sequence[int]) -> Iterator[tuple[int, slice]]:
    """Bag and rows, at most `ROWS` of them and all of one bag.

    Example:
        >>> [(i, rows.stop) for i, rows in pieces([3, 8194])]
        [(0, 3), (1, 8195), (1, 8197)]
    """
    start = 0
    for i, length in enumerate(lengths):
        for first in range(start, start + length, ROWS):
            yield i, slice(first, min(first + ROWS, start + length))
        start += length
