"""A classifier that tries to tell the centre, and encoders that learn to let it fail."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from fusion.heads.modalities import sorted_names
from fusion.invariance.base import Invariance
from fusion.invariance.reversal import reverse
from fusion.losses.cross_entropy import cross_entropy
from fusion.types import Center, Tokens


class Adversarial(Invariance):
    """One small classifier of the centre for each modality, behind a reversal of the gradient.

    The classifiers read normalised tokens, so that shrinking them does not help. The reversal
    grows over training as `strength` says; the classifiers learn at full strength from the start.

    Args:
        dims: width of a token, by modality.
        centers: of the training patients.
        weight: of the classifiers' cross-entropy.
        hidden: width of each classifier.
        seed: of the classifiers' first weights; torch's own generator is left as it was.

    Source: Ganin et al. 2016 (DANN).
    """

    def __init__(
        self,
        *,
        dims: Mapping[str, int],
        centers: Sequence[Center],
        weight: float,
        hidden: int,
        seed: int,
    ) -> None:
        super().__init__(centers=centers, least=1)
        self.weight = weight
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.classifiers = nn.ModuleDict(
                {
                    name: nn.Sequential(
                        nn.LayerNorm(dims[name]),
                        nn.Linear(dims[name], hidden),
                        nn.GELU(),
                        nn.Linear(hidden, len(self.places)),
                    )
                    for name in sorted_names(dims)
                }
            )

    def forward(
        self, tokens: Mapping[str, Tokens], centers: Sequence[Center], progress: float
    ) -> Mapping[str, Tensor]:
        """`adversarial`: how badly the centre is told."""
        losses = []
        for name, x, center in self.compared(tokens, centers):
            logits = self.classifiers[name](reverse(x, strength(progress)))
            losses.append(cross_entropy(logits, center, logits.new_ones(logits.shape[1])))
        return {"adversarial": self.weight * self.mean(losses, tokens)}


def strength(progress: float) -> float:
    """From 0 at the start to nearly 1 at the end, steeply at first.

    Source: Ganin et al. 2016, with their gamma of 10.

    Example:
        >>> [round(strength(p), 2) for p in (0.0, 0.1, 0.3, 1.0)]
        [0.0, 0.46, 0.91, 1.0]
    """
    return 2.0 / (1.0 + math.exp(-10.0 * progress)) - 1.0
