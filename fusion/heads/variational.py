"""A stochastic bottleneck before any head: tokens may tell only what pays for itself."""

from collections.abc import Mapping
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fusion.heads.base import Fused, FusionHead
from fusion.heads.modalities import in_order, sorted_names
from fusion.types import Tokens

SHIFT = 5.0
"""Of the deviations before softplus: they begin near 0.007, and a model near a plain one."""

LEAST = 1e-6
"""Deviation that none falls below, so that its logarithm is finite."""


class VariationalBottleneck(FusionHead):
    """Wraps any head, which sees `z = mu(x) + sigma(x) * noise` in training, else `mu(x)`.

    Both are linear in the token, one pair of maps for each modality. The penalty `bottleneck_kl`
    is `factor` times the divergence of `N(mu, sigma^2)` from `N(0, 1)`: summed over features,
    mean over a patient's tokens, over the patients who have the modality, and over the
    modalities of the batch. Unlike other penalties it is a part of the model, and of its bundle.

    Args:
        head: built for the same modalities and widths.
        dims: width of a token, by modality.
        factor: beta of the paper.

    Source: Alemi et al. 2017 (deep variational information bottleneck). PIBD (Zhang et al. 2024)
    has one for each class prototype; this is the plain one, on tokens.

    Example:
        >>> from fusion.heads.early import EarlyFusion
        >>> dims, one = {"a": 2}, Tokens(torch.ones(1, 1, 2), torch.ones(1, 1).bool())
        >>> head = EarlyFusion(dims=dims, out_features=1)
        >>> list(VariationalBottleneck(head, dims=dims, factor=0.001)({"a": one}).penalties)
        ['bottleneck_kl']
    """

    def __init__(self, head: FusionHead, *, dims: Mapping[str, int], factor: float) -> None:
        super().__init__()
        self.names = sorted_names(dims)
        self.factor = factor
        self.head = head
        self.gaussian = nn.ModuleDict({m: nn.Linear(dims[m], 2 * dims[m]) for m in self.names})

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Squeeze, and fuse."""
        squeezed, costs = {}, []
        for name, found in zip(self.names, in_order(tokens, self.names), strict=True):
            mean, raw = self.gaussian[name](found.filled).chunk(2, dim=2)
            deviation = nn.functional.softplus(raw.float() - SHIFT) + LEAST
            z = mean
            if self.training:
                z = mean + deviation.to(mean.dtype) * torch.randn_like(mean)
            squeezed[name] = replace(found, features=z)
            cost = divergence(mean.float(), deviation)
            of_patient = Tokens(cost[:, :, None], found.mask).mean()[:, 0]
            if bool(found.present.any()):
                costs.append(of_patient[found.present].mean())
        fused: Fused = self.head(squeezed)
        penalty = torch.stack(costs).mean() if costs else fused.outputs.float().sum() * 0.0
        return replace(fused, penalties={**fused.penalties, "bottleneck_kl": self.factor * penalty})


def divergence(
    mean: Float[Tensor, "batch tokens dim"], deviation: Float[Tensor, "batch tokens dim"]
) -> Float[Tensor, "batch tokens"]:
    """Kullback-Leibler divergence of `N(mean, deviation^2)` from `N(0, 1)`, over the features.

    Example:
        >>> divergence(torch.full((1, 1, 3), 2.0), torch.ones(1, 1, 3)).item()  # 3 * 2^2 / 2
        6.0
    """
    return 0.5 * (deviation.square() + mean.square() - 1.0 - 2.0 * deviation.log()).sum(dim=2)
