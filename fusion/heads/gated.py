"""Gated multimodal unit: every feature is taken from the modalities in learned proportions."""

from collections.abc import Mapping

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from fusion.heads.base import Fused, FusionHead
from fusion.heads.masking import masked_softmax
from fusion.heads.modalities import in_order, sorted_names
from fusion.types import Tokens


class GatedFusion(FusionHead):
    """`h = sum_m z_m * tanh(W_m x_m)`, with `z = softmax_m(sum_k V_k x_k)` feature by feature.

    `x_m` is the mean token. All modalities that are there decide on every gate together; an
    absent one adds nothing to the gates and its own is exactly 0. With two modalities this is
    the paper's unit, whose gates are a sigmoid and the rest to one; for more it takes the softmax
    in place of independent sigmoids, so that the gates of those present always sum to one. A
    patient with no modality at all gets a learned constant.

    `Fused.attention` holds the mean gate of each modality.

    Cost: linear in tokens, which are averaged; `dim * M^2` weights a token feature.

    Args:
        dims: width of a token, by modality.
        out_features: numbers that the tasks need.
        dim: features that are gated.
        dropout: probability, in [0, 1).

    Source: Arevalo et al. 2017.
    """

    def __init__(
        self,
        *,
        dims: Mapping[str, int],
        out_features: int,
        dim: int = 64,
        dropout: float = 0.25,
    ) -> None:
        super().__init__()
        self.names = sorted_names(dims)
        count = len(self.names)
        self.hidden = nn.ModuleDict({m: nn.Linear(dims[m], dim) for m in self.names})
        self.votes = nn.ModuleDict({m: nn.Linear(dims[m], count * dim) for m in self.names})
        self.out = nn.Sequential(nn.Dropout(dropout), nn.Linear(dim, out_features))

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Fuse."""
        ordered = in_order(tokens, self.names)
        means = [t.mean() for t in ordered]
        present = torch.stack([t.present for t in ordered], dim=1)
        gates = self._gates(means, present)
        hidden = [torch.tanh(self.hidden[m](x)) for m, x in zip(self.names, means, strict=True)]
        fused = (gates * torch.stack(hidden, dim=1)).sum(dim=1)
        looks = {m: gates[:, i].mean(dim=1) for i, m in enumerate(self.names)}
        return Fused(self.out(fused), attention=looks)

    def _gates(
        self, means: list[Float[Tensor, "batch _"]], present: Bool[Tensor, "batch m"]
    ) -> Float[Tensor, "batch m dim"]:
        votes = torch.stack(
            [self.votes[m](x) for m, x in zip(self.names, means, strict=True)], dim=1
        )
        # the bias of a vote says that the modality is there, so an absent one must not cast it
        scores = (votes * present[:, :, None]).sum(dim=1).unflatten(1, (len(self.names), -1))
        return masked_softmax(scores, present[:, :, None], dim=1)
