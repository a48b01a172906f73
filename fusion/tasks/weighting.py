"""Several losses -> one."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from fusion.errors import ConfigError


class FixedWeights(nn.Module):
    """A weighted sum. A task without a label in the batch is an absent key.

    Args:
        weights: task -> weight, 0 or more.

    Raises:
        ConfigError: for a weight that is negative or not finite.

    Example:
        >>> weights = FixedWeights(weights={"idh": 1.0, "survival": 0.5})
        >>> weights({"idh": torch.tensor(2.0), "survival": torch.tensor(4.0)}).item()
        4.0
    """

    def __init__(self, *, weights: Mapping[str, float]) -> None:
        super().__init__()
        bad = {name: w for name, w in weights.items() if not 0 <= w < float("inf")}
        if bad:
            raise ConfigError(f"task weights {bad}: expected finite numbers, 0 or more")
        self.weights = dict(weights)

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Add up.

        Raises:
            ValueError: without a loss.
            ConfigError: for a task that has no weight.
        """
        _check(losses, self.weights)
        return torch.stack([self.weights[name] * losses[name] for name in sorted(losses)]).sum()


class LearnedWeights(nn.Module):
    """Weights learned as uncertainties: sum of exp(-s) loss + s / 2, one s per task.

    s is the logarithm of a variance. It is held within ±`limit` smoothly, so that a loss near
    zero cannot draw its weight to infinity and none gets stuck at the limit.

    Args:
        tasks: names.
        limit: of |s|; weights stay between exp(-limit) and exp(limit).

    Raises:
        ConfigError: without a task, for one given twice, or a limit that is not above zero.

    Source: Kendall, Gal and Cipolla, CVPR 2018.

    Example:
        >>> weights = LearnedWeights(tasks=["idh", "survival"])
        >>> weights({"idh": torch.tensor(2.0), "survival": torch.tensor(4.0)}).item()
        6.0
    """

    def __init__(self, *, tasks: Sequence[str], limit: float = 3.0) -> None:
        super().__init__()
        if not tasks or len(set(tasks)) < len(tasks) or not limit > 0:
            raise ConfigError(
                f"tasks {list(tasks)}, limit {limit}: expected different names and a limit above 0"
            )
        self.place = {name: i for i, name in enumerate(sorted(tasks))}
        self.limit = limit
        self.raw = nn.Parameter(torch.zeros(len(tasks)))

    @property
    def log_variance(self) -> Tensor:
        """The s of each task, in the alphabetical order of names."""
        return self.limit * torch.tanh(self.raw / self.limit)

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Weigh and add up; a task without a label in the batch leaves its weight as it is.

        Raises:
            ValueError: without a loss.
            ConfigError: for a task that is not known.
        """
        _check(losses, self.place)
        names = sorted(losses)
        s = self.log_variance[[self.place[name] for name in names]]
        return (torch.exp(-s) * torch.stack([losses[name] for name in names]) + s / 2).sum()


def _check(losses: Mapping[str, Tensor], known: Mapping[str, object]) -> None:
    if not losses:
        raise ValueError("no loss to weigh: the batch has no label of any task")
    unknown = sorted(set(losses) - set(known))
    if unknown:
        raise ConfigError(f"tasks {unknown} have no weight; known are {sorted(known)}")
