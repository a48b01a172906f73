"""Cross-entropy whose class weights do not depend on the batch."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional


def cross_entropy(
    logits: Float[Tensor, "patients classes"],
    target: Int[Tensor, " patients"],
    class_weights: Float[Tensor, " classes"],
) -> Float[Tensor, ""]:
    """Weighted cross-entropy, averaged over patients.

    torch divides by the weights found in the batch, so that a batch of one class is not
    weighted at all; here the divisor is the number of patients.

    Returns:
        The mean; exactly 0, with a gradient of zeros, without patients.

    Raises:
        ValueError: for a class out of range.

    Example:
        >>> logits, target = torch.zeros(2, 2), torch.tensor([1, 1])
        >>> round(float(cross_entropy(logits, target, torch.tensor([1.0, 3.0]))), 4)  # 3 log 2
        2.0794
    """
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    if len(logits) == 0:
        return logits.sum() * 0.0
    classes = logits.shape[1]
    if bool(((target < 0) | (target >= classes)).any()):
        raise ValueError(
            f"classes run from {int(target.min())} to {int(target.max())}, "
            f"expected 0 to {classes - 1}"
        )
    each = functional.cross_entropy(logits, target.long(), reduction="none")
    return (each * class_weights.to(each.dtype)[target.long()]).mean()
