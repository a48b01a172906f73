"""Survival by accelerated failure times."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fusion.errors import TrainingError
from fusion.losses.weibull import fit_weibull, log_cumulative_hazard, weibull_loss
from fusion.tasks.base import Task
from fusion.tasks.horizons import check_survival, horizon_names

LEAST_DAYS = 0.5
"""A time of 0 days, of which the likelihood has no logarithm, counts as half a day."""


class Weibull(Task):
    """Weibull times: the output stretches the time of a patient, and one shape serves them all.

    Scale and shape begin at those of the training patients as a whole, so that an output is a
    difference of log time from the average patient; from there the shape is learned with the
    weights. With one shape hazards are proportional too: the risk is the log hazard ratio to an
    output of 0, and its order is the same on every day.

    Args:
        horizons_days: ascending days for which survival is predicted; none may lie beyond the
            follow-up of the training patients.

    Raises:
        ConfigError: for a horizon that is no finite number of days above zero, or out of order.

    Source: Kalbfleisch and Prentice 2002, ch. 3.

    Example:
        >>> task = Weibull(horizons_days=[100.0])
        >>> task.prepare(torch.tensor([[50.0, 1.0], [100.0, 1.0], [200.0, 0.0]]))
        >>> longer, shorter = task.predict(torch.tensor([[1.0], [-1.0]]))["survival_100"]
        >>> bool(longer > shorter)
        True
    """

    start: Float[Tensor, " two"]
    """Log scale (days) and log shape of the training patients; NaN until `prepare`."""

    def __init__(self, *, horizons_days: Sequence[float]) -> None:
        super().__init__()
        self.out_features = 1
        self.names = horizon_names(horizons_days)
        self.horizons_days = tuple(float(days) for days in horizons_days)
        self.register_buffer("start", torch.full((2,), torch.nan))
        self.change = nn.Parameter(torch.zeros(()))
        """Of the log shape, learned: weight decay draws it to the start, not to a shape of 1."""

    def loss(
        self, outputs: Float[Tensor, "known out"], targets: Float[Tensor, "known k"]
    ) -> Tensor:
        """Negative log likelihood, mean over patients.

        Raises:
            TrainingError: before `prepare`.
        """
        scale, shape = self._curve(outputs)
        days = targets[:, 0].clamp(min=LEAST_DAYS)
        return weibull_loss(scale, shape, days, targets[:, 1].bool())

    def predict(self, outputs: Float[Tensor, "batch out"]) -> Mapping[str, Tensor]:
        """`risk`, the log hazard ratio (larger is worse), and `survival_<days>`.

        Raises:
            TrainingError: before `prepare`.
        """
        scale, shape = self._curve(outputs)
        shape = shape.detach()  # a prediction asks for no gradient of what was learned
        named = {"risk": -shape.exp() * (scale - self.start[0])}
        for name, days in zip(self.names, self.horizons_days, strict=True):
            log_time = scale.new_tensor([days]).log()
            named[name] = torch.exp(-log_cumulative_hazard(scale, shape, log_time).exp())
        return named

    def prepare(self, targets: Float[Tensor, "known k"]) -> None:
        """Take scale and shape of the training patients as a whole to begin with.

        Raises:
            TrainingError: without an event, for a horizon beyond the follow-up, and where no
                Weibull curve fits, as with all events on one last day.
        """
        check_survival(targets, self.horizons_days, "Weibull")
        days = targets[:, 0].clamp(min=LEAST_DAYS)
        try:
            start = fit_weibull(days, targets[:, 1].bool())
        except ValueError as error:
            raise TrainingError(f"Weibull: {error}; take kind cox or discrete_time") from error
        self.start.copy_(torch.tensor(start))

    def finish(
        self, outputs: Float[Tensor, "known out"], targets: Float[Tensor, "known k"]
    ) -> None:
        """Nothing is left to fit."""

    def _curve(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        if bool(self.start.isnan().any()):
            raise TrainingError("Weibull has no scale yet: call prepare, or load its state")
        wide = outputs[:, 0].to(torch.promote_types(outputs.dtype, torch.float32))
        return self.start[0] + wide, self.start[1] + self.change
