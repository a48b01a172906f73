"""InfoNCE between modalities: a patient's tokens find each other among those of the batch."""

import math
from collections.abc import Mapping
from itertools import combinations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fusion.heads.modalities import in_order, sorted_names
from fusion.penalties.base import Penalty, nothing
from fusion.types import Tokens

LARGEST_SCALE = 100.0
"""Of the cosines: the temperature never falls below 0.01."""


class Contrastive(Penalty):
    """Symmetric InfoNCE, mean over the pairs of modalities that two patients of the batch have.

    Mean tokens are projected linearly and normalised; among the patients who have both
    modalities each must pick its own partner, by cosine over a learned temperature. Chance is
    log(n) for n patients, so small batches make it easy, and each device has its own.

    Args:
        dims: width of a token, by modality.
        dim: common width of the projections.
        temperature: at the start.
        factor: of the penalty.
        seed: of the projections' first weights; torch's own generator is left as it was.

    Sources: Radford et al. 2021 (CLIP); Jaume et al. 2024 (TANGLE) for slides and genes.
    """

    def __init__(
        self, *, dims: Mapping[str, int], dim: int, temperature: float, factor: float, seed: int
    ) -> None:
        super().__init__()
        self.names = sorted_names(dims)
        self.factor = factor
        self.log_scale = nn.Parameter(torch.tensor(-math.log(temperature)))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.project = nn.ModuleDict(
                {name: nn.Linear(dims[name], dim, bias=False) for name in self.names}
            )

    def forward(self, tokens: Mapping[str, Tokens]) -> Mapping[str, Tensor]:
        """`contrastive`."""
        named = dict(zip(self.names, in_order(tokens, self.names), strict=True))
        scale = self.log_scale.clamp(max=math.log(LARGEST_SCALE)).exp()
        losses = []
        for a, b in combinations(self.names, 2):
            both = named[a].present & named[b].present
            if int(both.sum()) >= 2:
                x, y = (self.project[m](named[m].mean()[both]).float() for m in (a, b))
                losses.append(info_nce(x, y, scale))
        found = torch.stack(losses).mean() if losses else nothing(tokens)
        return {"contrastive": self.factor * found}


def info_nce(
    x: Float[Tensor, "patients dim"], y: Float[Tensor, "patients dim"], scale: Float[Tensor, ""]
) -> Float[Tensor, ""]:
    """Cross-entropy of finding row i of `y` from row i of `x`, and the other way, averaged.

    Example:
        >>> x = torch.eye(2)
        >>> round(info_nce(x, x, torch.tensor(1.0)).item(), 4)  # log(1 + e^-1)
        0.3133
    """
    x, y = (nn.functional.normalize(rows, dim=1) for rows in (x, y))
    with torch.autocast(x.device.type, enabled=False):  # two digits are too few over 0.07
        scores = scale * (x @ y.T)
    partner = torch.arange(len(x), device=x.device)
    there = nn.functional.cross_entropy(scores, partner)
    return (there + nn.functional.cross_entropy(scores.T, partner)) / 2
