"""Survival by hazards of intervals, which need not be proportional."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from fusion.errors import ConfigError, TrainingError
from fusion.losses.discrete_time import discrete_time_loss
from fusion.tasks.base import Task
from fusion.tasks.horizons import check_survival, horizon_names


class DiscreteTime(Task):
    """A hazard per interval; the intervals hold equally many training events.

    Interval j is (edge j, edge j + 1], from day 0 to the last training event. A censored patient
    came through an interval if followed up beyond its middle; an event after the last edge
    counts as having come through all. Between edges the hazard is constant, so the logarithm
    of survival is interpolated in a straight line; after the last edge survival stays flat,
    as a Kaplan-Meier curve does. The risk is the sum of the cumulative hazards at the edges.

    Args:
        bins: number of intervals.
        horizons_days: ascending days for which survival is predicted; none may lie beyond the
            follow-up of the training patients.

    Raises:
        ConfigError: for fewer than one bin; for a horizon that is no finite number of days
            above zero, or out of order.

    Source: Gensheimer and Narasimhan 2019 (likelihood); Kvamme and Borgan 2021 (constant
    hazards between edges); Ishwaran et al. 2008 (the sum as a risk).

    Example:
        >>> task = DiscreteTime(bins=2, horizons_days=[3.0])
        >>> task.prepare(torch.tensor([[2.0, 1.0], [4.0, 1.0]]))
        >>> task.edges.tolist()
        [0.0, 3.0, 4.0]
        >>> task.predict(torch.zeros(1, 2))["survival_3"].tolist()
        [0.5]
    """

    edges: Float[Tensor, " edges"]
    """Days, ascending from 0; NaN until `prepare`."""

    def __init__(self, *, bins: int, horizons_days: Sequence[float]) -> None:
        super().__init__()
        if bins < 1:
            raise ConfigError(f"bins is {bins}, expected 1 or more")
        self.out_features = bins
        self.names = horizon_names(horizons_days)
        self.horizons_days = tuple(float(days) for days in horizons_days)
        self.register_buffer("edges", torch.full((bins + 1,), torch.nan))

    def loss(
        self, outputs: Float[Tensor, "known out"], targets: Float[Tensor, "known k"]
    ) -> Tensor:
        """Negative log likelihood, mean over patients.

        Raises:
            TrainingError: before `prepare`.
        """
        self._check_prepared()
        days = targets[:, 0].to(self.edges.dtype).contiguous()
        event = targets[:, 1].bool() & (days <= self.edges[-1])
        middles = (self.edges[1:] + self.edges[:-1]) / 2
        lived = torch.bucketize(days, middles, right=True)
        survived = torch.where(event, torch.bucketize(days, self.edges[1:]), lived)
        survived = torch.where(days > self.edges[-1], self.out_features, survived)
        return discrete_time_loss(outputs, survived, event)

    def predict(self, outputs: Float[Tensor, "batch out"]) -> Mapping[str, Tensor]:
        """`risk` (larger is worse) and `survival_<days>`.

        Raises:
            TrainingError: before `prepare`.
        """
        self._check_prepared()
        outputs = outputs.to(torch.promote_types(outputs.dtype, torch.float32))
        hazard = functional.softplus(outputs)
        cumulative = functional.pad(hazard.cumsum(dim=1), (1, 0))
        named = {"risk": cumulative.sum(dim=1)}
        for name, days in zip(self.names, self.horizons_days, strict=True):
            inside = ((days - self.edges[:-1]) / self.edges.diff()).clamp(0.0, 1.0)
            named[name] = torch.exp(-(hazard * inside).sum(dim=1))
        return named

    def prepare(self, targets: Float[Tensor, "known k"]) -> None:
        """Lay the edges at quantiles of the training patients' event times.

        Raises:
            TrainingError: without an event, for a horizon beyond the follow-up, and where the
                events fall on too few days for that many bins.
        """
        check_survival(targets, self.horizons_days, "DiscreteTime")
        days = targets[targets[:, 1].bool(), 0].double()
        share = torch.linspace(0, 1, self.out_features + 1, dtype=days.dtype, device=days.device)
        edges = days.quantile(share)
        edges[0] = 0.0
        if bool((edges.float().diff() <= 0).any()):
            raise TrainingError(
                f"DiscreteTime: the {len(days)} training events fall on {len(days.unique())} "
                f"days, too few or too even for {self.out_features} bins; take fewer"
            )
        self.edges.copy_(edges)

    def finish(
        self, outputs: Float[Tensor, "known out"], targets: Float[Tensor, "known k"]
    ) -> None:
        """Nothing is left to fit."""

    def _check_prepared(self) -> None:
        if bool(self.edges.isnan().any()):
            raise TrainingError("DiscreteTime has no bin edges: call prepare, or load its state")
