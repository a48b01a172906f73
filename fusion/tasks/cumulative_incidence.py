"""How many have an event of a cause by a day, when others can come first."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor


def cumulative_incidence(
    log_hazards: Float[Tensor, "batch causes"],
    log_steps: Float[Tensor, "steps causes"],
    days: Float[Tensor, " steps"],
    horizons_days: Sequence[float],
) -> Float[Tensor, "batch horizons causes"]:
    """Probability of having had an event of each cause by each horizon.

    On each event day the share exp(-hazards so far) of patients is left; of them 1 - exp(-sum of
    the steps) have an event, divided among the causes as their steps are. With small steps this is
    the estimate of Aalen and Johansen; incidences and what is left add up to 1 whatever the
    log-hazards are.

    Args:
        log_hazards: of the patients.
        log_steps: logarithm of what each day adds to the cumulative baseline hazard of each cause.
        days: of the steps, ascending.
        horizons_days: ascending.

    Source: Aalen and Johansen 1978; Cheng, Fine and Wei 1998 (with covariates).

    Example:
        >>> half = torch.tensor([[0.5, 0.5]]).log()
        >>> found = cumulative_incidence(torch.zeros(1, 2), half, torch.tensor([1.0]), [0.5, 2.0])
        >>> [[round(x, 4) for x in row] for row in found[0].tolist()]  # (1 - 1/e) / 2
        [[0.0, 0.0], [0.3161, 0.3161]]
    """
    log_hazards = log_hazards.to(torch.promote_types(log_hazards.dtype, torch.float32))
    steps = log_hazards.unsqueeze(1) + log_steps
    total = steps.logsumexp(dim=2)
    hazard = total.exp()
    before = torch.cat([torch.zeros_like(hazard[:, :1]), hazard.cumsum(dim=1)[:, :-1]], dim=1)
    now = torch.exp(-before) * -torch.expm1(-hazard)
    share = torch.where(total.isinf().unsqueeze(2), 0.0, torch.exp(steps - total.unsqueeze(2)))
    grown = (now.unsqueeze(2) * share).cumsum(dim=1)
    nothing = grown.new_zeros(len(grown), 1, grown.shape[2])
    horizons = torch.tensor(list(horizons_days), dtype=days.dtype, device=days.device)
    return torch.cat([nothing, grown], dim=1)[:, torch.searchsorted(days, horizons, right=True)]
