"""Pure functions of who is there: a softmax, a mean, and shares without absent ones."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def masked_softmax(
    scores: Float[Tensor, "*shape"], mask: Bool[Tensor, "*#shape"], dim: int
) -> Float[Tensor, "*shape"]:
    """Softmax over what is there; exactly 0 elsewhere, and all 0 where nothing is there.

    Example:
        >>> scores, mask = torch.zeros(2, 2), torch.tensor([[1, 0], [0, 0]]).bool()
        >>> masked_softmax(scores, mask, dim=1).tolist()
        [[1.0, 0.0], [0.0, 0.0]]
    """
    # a row of nothing but -inf would be NaN, and so would its gradient
    somebody = mask.any(dim=dim, keepdim=True)
    return scores.masked_fill(~mask & somebody, -torch.inf).softmax(dim=dim) * mask


def masked_mean(
    values: Float[Tensor, "batch n dim"], mask: Bool[Tensor, "batch n"]
) -> Float[Tensor, "batch dim"]:
    """Mean over what is there; 0 where nothing is.

    Example:
        >>> values = torch.tensor([[[1.0], [float("nan")]]])
        >>> masked_mean(values, torch.tensor([[True, False]])).tolist()
        [[1.0]]
    """
    total = values.masked_fill(~mask[:, :, None], 0.0).sum(dim=1)
    return total / mask.sum(dim=1, keepdim=True).clamp(min=1)


def shares(
    names: Sequence[str], masses: Sequence[Float[Tensor, " batch"]]
) -> dict[str, Float[Tensor, " batch"]]:
    """Non-negative masses by modality, scaled to sum to one; all 0 where all are.

    Example:
        >>> shares(["a", "b"], [torch.tensor([3.0, 0.0]), torch.tensor([1.0, 0.0])])["a"].tolist()
        [0.75, 0.0]
    """
    total = torch.stack(list(masses)).sum(dim=0)
    total = total.clamp(min=torch.finfo(total.dtype).tiny)
    return {m: mass / total for m, mass in zip(names, masses, strict=True)}
