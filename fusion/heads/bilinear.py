"""Factorised bilinear fusion: the products of all pairs of features, at a low rank."""

from collections.abc import Mapping
from itertools import combinations_with_replacement

import torch
from torch import nn

from fusion.heads.base import Fused, FusionHead
from fusion.heads.check import positive
from fusion.heads.masking import masked_mean
from fusion.heads.modalities import in_order, sorted_names
from fusion.types import Tokens


class BilinearFusion(FusionHead):
    """Mean over pairs of modalities of `sum_r (U_ab^r x_a + u) * (V_ab^r x_b + v)`.

    `x_m` is the mean token. Each modality is also paired with itself, as in HFBSurv's first
    stage; all pairs are averaged at once in place of its two stages. A pair counts where both
    are there, so somebody with one modality has that one's square and linear part, and somebody
    with none a learned constant.

    Cost: linear in tokens, which are averaged; `(M + 1) * R * dim` weights a token feature.

    Args:
        dims: width of a token, by modality.
        out_features: numbers that the tasks need.
        dim: width of a pair's result.
        rank: of each bilinear form.
        dropout: probability, in [0, 1), on the products and on the result.

    Raises:
        ConfigError: where the rank is below 1.

    Sources: Yu et al. 2017 (MFB); Li et al. 2022 (HFBSurv); Chen et al. 2022 (PORPOISE).
    """

    def __init__(
        self,
        *,
        dims: Mapping[str, int],
        out_features: int,
        dim: int = 32,
        rank: int = 16,
        dropout: float = 0.25,
    ) -> None:
        super().__init__()
        positive("bilinear", rank=rank)
        self.names = sorted_names(dims)
        self.rank = rank
        self.pairs = list(combinations_with_replacement(range(len(self.names)), 2))
        widths = [dims[m] for m in self.names]
        self.left = nn.ModuleList(nn.Linear(widths[a], dim * rank) for a, _ in self.pairs)
        self.right = nn.ModuleList(nn.Linear(widths[b], dim * rank) for _, b in self.pairs)
        self.drop = nn.Dropout(dropout)
        self.out = nn.Sequential(
            nn.LayerNorm(dim), nn.Dropout(dropout), nn.Linear(dim, out_features)
        )

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Fuse."""
        ordered = in_order(tokens, self.names)
        means = [t.mean() for t in ordered]
        products = [
            self.drop(left(means[a]) * right(means[b])).unflatten(1, (-1, self.rank)).sum(dim=2)
            for (a, b), left, right in zip(self.pairs, self.left, self.right, strict=True)
        ]
        both = [ordered[a].present & ordered[b].present for a, b in self.pairs]
        return Fused(self.out(masked_mean(torch.stack(products, dim=1), torch.stack(both, dim=1))))
