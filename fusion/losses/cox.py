"""The partial likelihood of Cox, with ties."""

from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

Ties = Literal["breslow", "efron"]
"""How events on the same day share a risk set."""


def cox_loss(
    log_hazard: Float[Tensor, " patients"],
    time_days: Float[Tensor, " patients"],
    event: Bool[Tensor, " patients"],
    *,
    ties: Ties = "breslow",
) -> Float[Tensor, ""]:
    """Negative log partial likelihood, averaged over events.

    A patient is at risk at a time t if followed up to t or longer, so one who is censored on
    the day of another's event is in that event's risk set, whatever the order of the rows.
    Everything stays in log space: any finite log-hazard gives a finite value and gradient.

    Args:
        log_hazard: one number per patient; larger is a worse outlook.
        time_days: until the event, or until the patient was last seen.
        event: True where the event was seen, False where the patient was censored.
        ties: `breslow` gives tied events the whole risk set each; `efron` takes the average of
            the orders in which they can have happened.

    Returns:
        The mean; exactly 0, with a gradient of zeros, where there is no event.

    Raises:
        ValueError: for an unknown method of ties.

    Source: Cox 1972; Breslow 1974; Efron 1977.

    Example:
        >>> time = torch.tensor([5.0, 5.0, 9.0])
        >>> event = torch.tensor([True, False, False])
        >>> round(float(cox_loss(torch.zeros(3), time, event)), 4)  # log 3
        1.0986
    """
    if ties not in ("breslow", "efron"):
        raise ValueError(f"ties is {ties!r}, expected 'breslow' or 'efron'")
    log_hazard = log_hazard.to(torch.promote_types(log_hazard.dtype, torch.float32))
    events = int(event.sum())
    if events == 0:
        return log_hazard.sum() * 0.0
    days, group, size = torch.unique(time_days[event], return_inverse=True, return_counts=True)
    at_risk = log_risk(log_hazard, time_days, days)
    total = at_risk[group].sum() - log_hazard[event].sum()
    if ties == "efron":
        tied = _log_sum_exp(log_hazard[event], group, len(days))
        owner = group.sort().values
        rank = torch.arange(events, device=size.device) - (size.cumsum(0) - size)[owner]
        fraction = rank.to(log_hazard.dtype) / size[owner]
        share = (tied - at_risk).clamp(max=0.0).exp()[owner]
        total = total + torch.log1p(-fraction * share).sum()
    return total / events


def log_risk(
    log_hazard: Float[Tensor, " patients"],
    time_days: Float[Tensor, " patients"],
    days: Float[Tensor, " days"],
) -> Float[Tensor, " days"]:
    """Logarithm of the summed hazards of those still at risk on each day.

    Raises:
        ValueError: where nobody is at risk on one of the days.
    """
    order = torch.argsort(time_days, descending=True)
    cumulative = torch.logcumsumexp(log_hazard[order], dim=0)
    followed = torch.searchsorted(-time_days[order], -days, right=True)
    if bool((followed == 0).any()):
        raise ValueError(
            f"nobody is at risk on day {float(days.max()):g}: the longest follow-up is "
            f"{float(time_days.max()):g} days"
        )
    return cumulative[followed - 1]


def _log_sum_exp(
    values: Float[Tensor, " rows"], group: Tensor, groups: int
) -> Float[Tensor, " groups"]:
    """Log-sum-exp within each group; every group has a row."""
    peak = values.detach().new_full((groups,), -torch.inf)
    peak = peak.scatter_reduce(0, group, values.detach(), "amax")
    return peak + values.new_zeros(groups).index_add(0, group, (values - peak[group]).exp()).log()
