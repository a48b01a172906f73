"""Competing events by proportional hazards of each cause."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from fusion.errors import ConfigError, TrainingError
from fusion.losses.competing import cause_specific_loss
from fusion.losses.cox import Ties, log_risk
from fusion.tasks.base import Task
from fusion.tasks.cumulative_incidence import cumulative_incidence
from fusion.tasks.horizons import check_survival, horizon_names

STEPS = 256
"""Most days of the baseline hazards; with more event days, neighbours are taken together."""


class Competing(Task):
    """One log-hazard per patient and cause, and baseline hazards that are fitted after training.

    Targets are [time_days, number of the cause], 0 being censored.

    Args:
        causes: names, in the order of their numbers from 1.
        horizons_days: ascending days for which incidences are predicted; none may lie beyond the
            follow-up of the training patients.
        ties: `breslow` or `efron`, in the loss.

    Raises:
        ConfigError: for fewer than two causes, one given twice, or horizons that do not ascend.

    Source: Prentice et al. 1978.

    Example:
        >>> task = Competing(causes=["tumour", "other"], horizons_days=[2.0], ties="breslow")
        >>> task.finish(torch.zeros(3, 2), torch.tensor([[1.0, 1.0], [2.0, 2.0], [3.0, 0.0]]))
        >>> found = task.predict(torch.zeros(1, 2))
        >>> {name: round(value.item(), 2) for name, value in found.items()}
        {'tumour_risk': 0.0, 'tumour_survival_2': 0.72, 'other_risk': 0.0, 'other_survival_2': 0.72}
    """

    days: Float[Tensor, " steps"]
    """Of the steps of the baseline hazards; infinite where there is no step, NaN until `finish`."""
    log_steps: Float[Tensor, "steps causes"]
    """What each of them adds."""

    def __init__(
        self, *, causes: Sequence[str], horizons_days: Sequence[float], ties: Ties
    ) -> None:
        super().__init__()
        if len(causes) < 2 or len(set(causes)) < len(causes):
            raise ConfigError(f"causes {list(causes)}: expected two or more different names")
        self.causes = tuple(causes)
        self.out_features = len(causes)
        self.names = horizon_names(horizons_days)
        self.horizons_days = tuple(float(days) for days in horizons_days)
        self.ties: Ties = ties
        self.register_buffer("days", torch.full((STEPS,), torch.nan))
        self.register_buffer("log_steps", torch.full((STEPS, len(causes)), torch.nan))

    def loss(
        self, outputs: Float[Tensor, "known out"], targets: Float[Tensor, "known k"]
    ) -> Tensor:
        """Negative log partial likelihood of all causes within the batch, mean over events."""
        return cause_specific_loss(outputs, targets[:, 0], targets[:, 1].long(), ties=self.ties)

    def predict(self, outputs: Float[Tensor, "batch out"]) -> Mapping[str, Tensor]:
        """`<cause>_risk`, the log-hazard, and after `finish` `<cause>_survival_<days>`.

        The latter is 1 - the cumulative incidence: the probability that this event has not come
        by the day, because none has or because another came first.
        """
        wide = outputs.to(torch.promote_types(outputs.dtype, torch.float32))
        found = {}
        fitted = not bool(self.days.isnan().any())
        if fitted:
            incidence = cumulative_incidence(wide, self.log_steps, self.days, self.horizons_days)
        for k, cause in enumerate(self.causes):
            found[f"{cause}_risk"] = wide[:, k]
            for h, name in enumerate(self.names if fitted else ()):
                found[f"{cause}_{name}"] = 1.0 - incidence[:, h, k]
        return found

    def prepare(self, targets: Float[Tensor, "known k"]) -> None:
        """Check that there is something to learn from.

        Raises:
            TrainingError: where a cause has no event, or for a horizon beyond the follow-up.
        """
        number = targets[:, 1].long()
        seen = torch.stack([targets[:, 0], (number > 0).to(targets.dtype)], dim=1)
        check_survival(seen, self.horizons_days, "Competing")
        for k, cause in enumerate(self.causes, start=1):
            if not bool((number == k).any()):
                raise TrainingError(
                    f"Competing: no training patient has an event of cause {cause}; join it to "
                    "another cause, or choose another split"
                )

    def finish(
        self, outputs: Float[Tensor, "known out"], targets: Float[Tensor, "known k"]
    ) -> None:
        """Fit the baseline hazards on the outputs for the training patients.

        Raises:
            TrainingError: where a cause has no event, or for a horizon beyond the follow-up.
        """
        self.prepare(targets)
        days, steps = log_baseline_steps(outputs, targets[:, 0], targets[:, 1].long())
        until = days <= self.horizons_days[-1]
        days, steps = _thinned(days[until], steps[until])
        self.days.fill_(torch.inf)
        self.log_steps.fill_(-torch.inf)
        self.days[: len(days)] = days
        self.log_steps[: len(days)] = steps


def log_baseline_steps(
    log_hazards: Float[Tensor, "known causes"],
    time_days: Float[Tensor, " known"],
    cause: Int[Tensor, " known"],
) -> tuple[Float[Tensor, " days"], Float[Tensor, "days causes"]]:
    """Event days, and the logarithm of what each adds to the baseline hazard of each cause.

    Source: Breslow 1972.
    """
    log_hazards, time = log_hazards.detach().double(), time_days.double()
    days, place = torch.unique(time[cause > 0], return_inverse=True)
    number = cause[cause > 0] - 1
    counts = log_hazards.new_zeros(len(days), log_hazards.shape[1])
    counts.index_put_((place, number), counts.new_ones(len(place)), accumulate=True)
    at_risk = [log_risk(log_hazards[:, k], time, days) for k in range(log_hazards.shape[1])]
    return days, counts.log() - torch.stack(at_risk, dim=1)


def _thinned(
    days: Float[Tensor, " days"], steps: Float[Tensor, "days causes"]
) -> tuple[Float[Tensor, " fewer"], Float[Tensor, "fewer causes"]]:
    """At most `STEPS`: equally many neighbouring days are taken together, on the last of them."""
    if len(days) <= STEPS:
        return days, steps
    group = torch.arange(len(days), device=days.device) * STEPS // len(days)
    last = torch.bincount(group).cumsum(0) - 1
    joined = [steps[group == g].logsumexp(dim=0) for g in range(STEPS)]
    return days[last], torch.stack(joined)
