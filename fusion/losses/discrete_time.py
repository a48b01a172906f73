"""The likelihood of survival in intervals."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional


def discrete_time_loss(
    logits: Float[Tensor, "patients intervals"],
    survived: Int[Tensor, " patients"],
    event: Bool[Tensor, " patients"],
) -> Float[Tensor, ""]:
    """Negative log likelihood of interval hazards, averaged over patients.

    The hazard of an interval, sigmoid(logit), is the probability of the event within it for a
    patient who has reached it. A patient gives the log of (1 - hazard) for each interval that
    he survived, and with an event the log of the hazard of the next one.

    Args:
        logits: of the hazards, in the order of time.
        survived: how many intervals the patient came through, 0 to all.
        event: True where the event happened in the interval after those.

    Returns:
        The mean; exactly 0, with a gradient of zeros, without patients.

    Raises:
        ValueError: where a count is out of range, or an event comes after the last interval.

    Source: Gensheimer and Narasimhan, PeerJ 2019 (nnet-survival).

    Example:
        >>> survived, event = torch.tensor([1, 2]), torch.tensor([True, False])
        >>> round(float(discrete_time_loss(torch.zeros(2, 2), survived, event)), 4)  # 2 log 2
        1.3863
    """
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    if len(logits) == 0:
        return logits.sum() * 0.0
    intervals = logits.shape[1]
    if bool(((survived < 0) | (survived + event.long() > intervals)).any()):
        raise ValueError(
            f"survived runs from {int(survived.min())} to {int(survived.max())} for "
            f"{intervals} intervals, events included; expected 0 to {intervals}, and an event "
            "inside an interval: count later events as survivors of all"
        )
    column = torch.arange(intervals, device=logits.device)
    passed = column < survived.unsqueeze(1)
    stopped = (column == survived.unsqueeze(1)) & event.unsqueeze(1)
    terms = passed * functional.softplus(logits) + stopped * functional.softplus(-logits)
    return terms.sum(dim=1).mean()
