"""The contract of every task: what a label means, and how outputs become predictions."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor, nn


class Task(nn.Module, ABC):
    """Owns the width of its outputs, its loss, and the meaning of its predictions.

    What a task learns outside gradient descent (bin edges, class weights, a baseline hazard) it
    keeps in buffers, fitted on training patients, so that it travels with the weights.
    """

    out_features: int
    """Numbers that it needs from the head."""

    @abstractmethod
    def loss(
        self, outputs: Float[Tensor, "known out"], targets: Float[Tensor, "known k"]
    ) -> Tensor:
        """Mean loss over patients whose label is known; exactly 0, with a gradient, if none tells.

        Args:
            outputs: the task's columns of the head's outputs.
            targets: [class] or [time_days, event] per patient.
        """

    @abstractmethod
    def predict(self, outputs: Float[Tensor, "batch out"]) -> Mapping[str, Tensor]:
        """Outputs -> named values, [batch] each: a probability per class, or a risk."""

    @abstractmethod
    def prepare(self, targets: Float[Tensor, "known k"]) -> None:
        """Fit what depends on the training labels alone, before training."""

    @abstractmethod
    def finish(
        self, outputs: Float[Tensor, "known out"], targets: Float[Tensor, "known k"]
    ) -> None:
        """Fit what depends on the training patients' outputs, after training."""


def split_outputs(
    outputs: Float[Tensor, "batch out"], tasks: Mapping[str, Task]
) -> dict[str, Float[Tensor, "batch _"]]:
    """A head's outputs, divided among the tasks in their order."""
    widths = [task.out_features for task in tasks.values()]
    return dict(zip(tasks, outputs.split(widths, dim=1), strict=True))
