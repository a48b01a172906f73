"""The likelihood of ordered classes."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional


def ordinal_loss(
    logits: Float[Tensor, "patients steps"], target: Int[Tensor, " patients"]
) -> Float[Tensor, ""]:
    """Negative log likelihood of ordered classes by conditional steps, averaged over patients.

    Logit k says how likely a patient who reached class k goes on to class k + 1, so classes
    0 to K - 1 take K - 1 logits, and the probabilities (`ordinal_probabilities`) are
    consistent in rank whatever the logits are. This is the parametrisation of CORN; the mean is
    over patients, so that it is the cross-entropy of those probabilities.

    Args:
        logits: one per step between neighbouring classes, lowest first.
        target: class index, 0 to the number of steps.

    Returns:
        The mean; exactly 0, with a gradient of zeros, without patients.

    Raises:
        ValueError: for a class out of range.

    Source: Shi, Cao and Raschka, Pattern Analysis and Applications 2023 (CORN); Fienberg 1980
    (continuation ratios).

    Example:
        >>> round(float(ordinal_loss(torch.zeros(1, 2), torch.tensor([2]))), 4)  # 2 log 2
        1.3863
    """
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    if len(logits) == 0:
        return logits.sum() * 0.0
    steps = logits.shape[1]
    if bool(((target < 0) | (target > steps)).any()):
        raise ValueError(
            f"classes run from {int(target.min())} to {int(target.max())}, expected 0 to {steps}"
        )
    column = torch.arange(steps, device=logits.device)
    passed, stopped = column < target.unsqueeze(1), column == target.unsqueeze(1)
    terms = passed * functional.softplus(-logits) + stopped * functional.softplus(logits)
    return terms.sum(dim=1).mean()


def ordinal_probabilities(
    logits: Float[Tensor, "patients steps"],
) -> Float[Tensor, "patients classes"]:
    """Conditional steps -> a probability for each of steps + 1 classes, lowest first.

    Example:
        >>> ordinal_probabilities(torch.zeros(1, 2)).tolist()
        [[0.5, 0.25, 0.25]]
    """
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    reached = functional.pad(functional.logsigmoid(logits).cumsum(dim=1), (1, 0))
    stopped = functional.pad(functional.logsigmoid(-logits), (0, 1))
    return (reached + stopped).exp()
