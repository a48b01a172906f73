"""Contrastive loss: views of one owner are pulled together, those of different owners apart."""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def contrastive(
    views: Float[Tensor, "views dim"], owners: Int[Tensor, " views"], temperature: float
) -> Float[Tensor, ""]:
    """`-log(e^(v_i . v_j / T) / sum_k e^(v_i . v_k / T))`, mean over pairs of one owner.

    First over the pairs of a view, then over the views that have one; `k` runs over all views
    but `i`. A view whose owner has no other is only a contrast to the rest.

    Args:
        views: rows of length one.
        owners: whose each view is.
        temperature: above 0.

    Returns:
        The mean; exactly 0, with a gradient of zeros, where nobody has two views.

    Raises:
        ValueError: for a temperature that is not above 0.

    Source: Khosla et al. 2020 (supervised contrastive loss, the sum outside the logarithm).

    Example:
        >>> views = torch.tensor([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
        >>> loss = contrastive(views, torch.tensor([0, 0, 1]), temperature=1.0)
        >>> round(float(loss), 4)  # log(1 + e^-2)
        0.1269
    """
    if not temperature > 0.0:
        raise ValueError(f"temperature is {temperature}, expected above 0")
    itself = torch.eye(len(views), dtype=torch.bool, device=views.device)
    friends = (owners[:, None] == owners) & ~itself
    asking = friends.any(dim=1)
    if not bool(asking.any()):
        return views.sum() * 0.0
    scores = (views @ views.T).float() / temperature
    logs = scores.masked_fill(itself, -torch.inf).log_softmax(dim=1)
    pulled = torch.where(friends, logs, 0.0).sum(dim=1)
    return -(pulled[asking] / friends.sum(dim=1)[asking]).mean()
