"""One of several classes."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from fusion.losses.cross_entropy import cross_entropy
from fusion.tasks.base import Task
from fusion.tasks.labels import check_classes, count_classes


class Classification(Task):
    """Softmax over classes that exclude each other; two classes are two outputs as well.

    Args:
        classes: names, in the order of the class index.
        balanced: weigh each patient by n / (classes x patients of his class) in training.

    Raises:
        ConfigError: for fewer than two classes, or one given twice.

    Example:
        >>> task = Classification(classes=["wildtype", "mutant"], balanced=False)
        >>> {name: p.tolist() for name, p in task.predict(torch.zeros(1, 2)).items()}
        {'wildtype': [0.5], 'mutant': [0.5]}
    """

    class_weights: Float[Tensor, " classes"]

    def __init__(self, *, classes: Sequence[str], balanced: bool) -> None:
        super().__init__()
        self.classes = check_classes(classes)
        self.balanced = balanced
        self.out_features = len(self.classes)
        self.register_buffer("class_weights", torch.ones(len(self.classes)))

    def loss(
        self, outputs: Float[Tensor, "known out"], targets: Float[Tensor, "known k"]
    ) -> Tensor:
        """Weighted cross-entropy, mean over patients."""
        return cross_entropy(outputs, targets[:, 0].long(), self.class_weights)

    def predict(self, outputs: Float[Tensor, "batch out"]) -> Mapping[str, Tensor]:
        """A probability per class, by its name."""
        wide = torch.promote_types(outputs.dtype, torch.float32)
        probabilities = outputs.to(wide).softmax(dim=1)
        return dict(zip(self.classes, probabilities.unbind(dim=1), strict=True))

    def prepare(self, targets: Float[Tensor, "known k"]) -> None:
        """Count the classes, and weigh them if `balanced`.

        Raises:
            TrainingError: where a class has no training patient, naming it.
        """
        counts = count_classes(targets, self.classes)
        if self.balanced:
            self.class_weights.copy_(len(targets) / (len(self.classes) * counts))

    def finish(
        self, outputs: Float[Tensor, "known out"], targets: Float[Tensor, "known k"]
    ) -> None:
        """Nothing is left to fit."""
