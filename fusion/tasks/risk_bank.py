"""The risk sets of all training patients, while batches hold a few of them."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from fusion.losses.cox import Ties, cox_loss


class RiskBank(nn.Module):
    """Keeps the latest log-hazard of every training patient, so that a batch is not alone.

    The loss of a batch is that of all patients met so far: the batch's own rows are fresh and
    have a gradient, all others stand as they were last seen, up to an epoch ago. The gradient is
    multiplied by patients met over patients in the batch, so that with weights held still its mean
    over an epoch is the gradient of the loss of all patients; a batch without an event teaches too.

    Source of the idea: Wu et al. 2018 (memory bank of instances); the partial likelihood is Cox's.

    Example:
        >>> bank, time = RiskBank(), torch.tensor([[1.0, 1.0], [2.0, 0.0]])
        >>> bank.open(time)
        >>> first = bank.loss(torch.zeros(1), torch.tensor([1]), ties="breslow")
        >>> round(bank.loss(torch.zeros(1), torch.tensor([0]), ties="breslow").item(), 4)  # log 2
        0.6931
    """

    log_hazard: Float[Tensor, " patients"]
    """As last seen; NaN for who has not been met. Empty before and after training."""
    labels: Float[Tensor, "patients 2"]
    """[time_days, event] of each training patient."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("log_hazard", torch.zeros(0))
        self.register_buffer("labels", torch.zeros(0, 2))

    def open(self, labels: Float[Tensor, "patients 2"]) -> None:
        """Make a place for each training patient, in the order of their numbers."""
        self.labels = labels.to(self.labels)
        self.log_hazard = torch.full_like(self.labels[:, 0], torch.nan)

    def close(self) -> None:
        """Forget them: no patient's time or outcome leaves with the weights."""
        self.open(self.labels[:0])

    def loss(
        self, log_hazard: Float[Tensor, " batch"], number: Int[Tensor, " batch"], *, ties: Ties
    ) -> Float[Tensor, ""]:
        """Negative log partial likelihood of all patients met so far, mean over their events.

        Args:
            log_hazard: of the batch.
            number: place of each of its patients.
            ties: `breslow` or `efron`.

        Returns:
            The value for all; exactly 0, with a gradient of zeros, while no event was met.
        """
        log_hazard = log_hazard.to(torch.promote_types(log_hazard.dtype, torch.float32))
        if len(number) == 0:
            return log_hazard.sum() * 0.0
        everybody = self.log_hazard.to(log_hazard.dtype).index_put((number,), log_hazard)
        self.log_hazard[number] = log_hazard.detach().to(self.log_hazard.dtype)
        met = ~everybody.detach().isnan()
        time, event = self.labels[met].unbind(dim=1)
        value = cox_loss(everybody[met], time.to(log_hazard.dtype), event.bool(), ties=ties)
        share = len(number) / met.sum()
        return value.detach() + (value - value.detach()) / share
