"""One of several classes that have an order, such as a grade."""

from collections.abc import Mapping, Sequence

from jaxtyping import Float
from torch import Tensor

from fusion.losses.ordinal import ordinal_loss, ordinal_probabilities
from fusion.tasks.base import Task
from fusion.tasks.labels import check_classes, count_classes


class Ordinal(Task):
    """Conditional steps from each class to the next (`fusion.losses.ordinal`).

    Args:
        classes: names from the lowest to the highest, in the order of the class index.

    Raises:
        ConfigError: for fewer than two classes, or one given twice.

    Example:
        >>> import torch
        >>> task = Ordinal(classes=["2", "3", "4"])
        >>> {name: p.tolist() for name, p in task.predict(torch.zeros(1, 2)).items()}
        {'2': [0.5], '3': [0.25], '4': [0.25]}
    """

    def __init__(self, *, classes: Sequence[str]) -> None:
        super().__init__()
        self.classes = check_classes(classes)
        self.out_features = len(self.classes) - 1

    def loss(
        self, outputs: Float[Tensor, "known out"], targets: Float[Tensor, "known k"]
    ) -> Tensor:
        """Cross-entropy of the class probabilities, mean over patients."""
        return ordinal_loss(outputs, targets[:, 0].long())

    def predict(self, outputs: Float[Tensor, "batch out"]) -> Mapping[str, Tensor]:
        """A probability per class, by its name."""
        probabilities = ordinal_probabilities(outputs)
        return dict(zip(self.classes, probabilities.unbind(dim=1), strict=True))

    def prepare(self, targets: Float[Tensor, "known k"]) -> None:
        """Count the classes.

        Raises:
            TrainingError: where a class has no training patient, naming it.
        """
        count_classes(targets, self.classes)

    def finish(
        self, outputs: Float[Tensor, "known out"], targets: Float[Tensor, "known k"]
    ) -> None:
        """Nothing is left to fit."""
