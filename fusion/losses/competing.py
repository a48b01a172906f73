"""The partial likelihoods of competing events."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from fusion.losses.cox import Ties, cox_loss


def cause_specific_loss(
    log_hazards: Float[Tensor, "patients causes"],
    time_days: Float[Tensor, " patients"],
    cause: Int[Tensor, " patients"],
    *,
    ties: Ties = "breslow",
) -> Float[Tensor, ""]:
    """Negative log partial likelihood of all causes, averaged over all events.

    For each cause a patient with another event leaves the risk set on that day, as one who is
    censored does; the likelihoods of the causes multiply.

    Args:
        log_hazards: one column per cause; larger is a worse outlook.
        time_days: until the first event of any cause, or until the patient was last seen.
        cause: number of the event, from 1; 0 where the patient was censored.
        ties: `breslow` or `efron`.

    Returns:
        The mean; exactly 0, with a gradient of zeros, where there is no event.

    Raises:
        ValueError: for a cause without a column, or an unknown method of ties.

    Source: Prentice et al. 1978; Holt 1978.

    Example:
        >>> time, cause = torch.tensor([1.0, 2.0]), torch.tensor([2, 1])
        >>> round(cause_specific_loss(torch.zeros(2, 2), time, cause).item(), 4)  # log 2, log 1
        0.3466
    """
    causes = log_hazards.shape[1]
    if bool(((cause < 0) | (cause > causes)).any()):
        raise ValueError(
            f"causes run from {int(cause.min())} to {int(cause.max())}, expected 0 to {causes}"
        )
    log_hazards = log_hazards.to(torch.promote_types(log_hazards.dtype, torch.float32))
    each = [
        cox_loss(log_hazards[:, k], time_days, cause == k + 1, ties=ties) * (cause == k + 1).sum()
        for k in range(causes)
    ]
    return torch.stack(each).sum() / max(1, int((cause > 0).sum()))
