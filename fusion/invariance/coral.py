"""CORAL: the centres' tokens get equal covariances, and equal means."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from fusion.invariance.base import Invariance
from fusion.losses.coral import coral_loss, mean_loss
from fusion.types import Center, Tokens


class Coral(Invariance):
    """Weighted CORAL and distance of means between the centres of a batch (`fusion.losses.coral`).

    It has a scale: an encoder can lower it by shrinking its tokens.

    Args:
        centers: of the training patients.
        weight: of the covariances.
        means: weight of the means; 0 is the CORAL of the paper, which does not see a centre that
            only adds a constant.
        patients: that a centre must have in a batch to be compared, 2 or more.

    Source: Sun and Saenko 2016; Gulrajani and Lopez-Paz 2021 for the means.
    """

    def __init__(
        self, *, centers: Sequence[Center], weight: float, means: float, patients: int
    ) -> None:
        super().__init__(centers=centers, least=patients)
        self.weight = weight
        self.means = means

    def forward(
        self, tokens: Mapping[str, Tokens], centers: Sequence[Center], progress: float
    ) -> Mapping[str, Tensor]:
        """`coral`, and `means`."""
        found = list(self.compared(tokens, centers))
        covariance = [coral_loss(x, center, least=self.least) for _, x, center in found]
        means = [mean_loss(x, center, least=self.least) for _, x, center in found]
        return {
            "coral": self.weight * self.mean(covariance, tokens),
            "means": self.means * self.mean(means, tokens),
        }
