"""Survival by proportional hazards."""

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from fusion.losses.cox import Ties, cox_loss, log_risk
from fusion.tasks.base import Task
from fusion.tasks.horizons import check_survival, horizon_names
from fusion.tasks.risk_bank import RiskBank

RiskSets = Literal["batch", "bank"]
"""Who is at risk in the loss: patients of the batch, or all training patients (`RiskBank`)."""


class Cox(Task):
    """One log-hazard per patient, and a baseline hazard that is fitted after training.

    Args:
        horizons_days: ascending days for which survival is predicted; none may lie beyond the
            follow-up of the training patients.
        ties: `breslow` or `efron`, in the loss.
        risk_sets: `batch`, or `bank`: then targets in training end in the number of the patient,
            which is his place in the targets that `prepare` was given.

    Raises:
        ConfigError: for a horizon that is no finite number of days above zero, or out of order.

    Example:
        >>> task = Cox(horizons_days=[1.5], ties="efron", risk_sets="batch")
        >>> task.finish(torch.zeros(2, 1), torch.tensor([[1.0, 1.0], [2.0, 0.0]]))
        >>> prediction = task.predict(torch.zeros(1, 1))
        >>> {name: round(value.item(), 4) for name, value in prediction.items()}  # exp(-1/2)
        {'risk': 0.0, 'survival_1.5': 0.6065}
    """

    log_baseline: Float[Tensor, " horizons"]
    """Log of the cumulative baseline hazard at the horizons; NaN until `finish`."""

    def __init__(self, *, horizons_days: Sequence[float], ties: Ties, risk_sets: RiskSets) -> None:
        super().__init__()
        self.out_features = 1
        self.names = horizon_names(horizons_days)
        self.horizons_days = tuple(float(days) for days in horizons_days)
        self.ties: Ties = ties
        self.bank = RiskBank() if risk_sets == "bank" else None
        self.register_buffer("log_baseline", torch.full((len(self.names),), torch.nan))

    def loss(
        self, outputs: Float[Tensor, "known out"], targets: Float[Tensor, "known k"]
    ) -> Tensor:
        """Negative log partial likelihood, mean over events: in the batch, or with the bank in all.

        Targets without a number, as in validation, make a risk set of their own.
        """
        if self.bank is not None and targets.shape[1] > 2:
            return self.bank.loss(outputs[:, 0], targets[:, 2].long(), ties=self.ties)
        return cox_loss(outputs[:, 0], targets[:, 0], targets[:, 1].bool(), ties=self.ties)

    def predict(self, outputs: Float[Tensor, "batch out"]) -> Mapping[str, Tensor]:
        """`risk`, the log-hazard (larger is worse), and after `finish` `survival_<days>`."""
        risk = outputs[:, 0].to(torch.promote_types(outputs.dtype, torch.float32))
        if bool(self.log_baseline.isnan().any()):
            return {"risk": risk}
        survival = torch.exp(-torch.exp(self.log_baseline + risk.unsqueeze(1)))
        return {"risk": risk, **dict(zip(self.names, survival.unbind(dim=1), strict=True))}

    def prepare(self, targets: Float[Tensor, "known k"]) -> None:
        """Check that there is something to learn from.

        Raises:
            TrainingError: without an event, or for a horizon beyond the follow-up.
        """
        check_survival(targets, self.horizons_days, "Cox")
        if self.bank is not None:
            self.bank.open(targets)

    def finish(
        self, outputs: Float[Tensor, "known out"], targets: Float[Tensor, "known k"]
    ) -> None:
        """Fit the baseline hazard on the outputs for the training patients, and close the bank.

        Raises:
            TrainingError: without an event, or for a horizon beyond the follow-up.
        """
        labels = targets[:, :2]
        check_survival(labels, self.horizons_days, "Cox")
        self.log_baseline.copy_(log_baseline_hazard(outputs[:, 0], labels, self.horizons_days))
        if self.bank is not None:
            self.bank.close()


def log_baseline_hazard(
    log_hazard: Float[Tensor, " known"],
    targets: Float[Tensor, "known 2"],
    horizons_days: Sequence[float],
) -> Float[Tensor, " horizons"]:
    """Log of the cumulative hazard of a patient with log-hazard 0, at each horizon.

    A step function, flat after the last event; minus infinity before the first. Every event
    adds 1 / the summed hazards at risk on its day.

    Source: Breslow 1972.
    """
    log_hazard = log_hazard.detach().double()
    days = targets[targets[:, 1].bool(), 0].double()
    steps = -log_risk(log_hazard, targets[:, 0].double(), days)
    horizons = torch.tensor(horizons_days, dtype=torch.float64, device=days.device)
    reached = days <= horizons.unsqueeze(1)
    return torch.where(reached, steps, -torch.inf).logsumexp(dim=1)
