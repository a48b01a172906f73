"""Low-rank tensor fusion: what the Kronecker product would give, without making it."""

import math
from collections.abc import Mapping
from functools import reduce

import torch
from torch import nn

from fusion.heads.base import Fused, FusionHead
from fusion.heads.check import positive
from fusion.heads.modalities import in_order, sorted_names
from fusion.types import Tokens


class LowRankFusion(FusionHead):
    """`h = sum_r w_r * prod_m W_m^r [x_m; 1]`, of the mean tokens `x_m`.

    That is a linear map of `[x_1; 1] x ... x [x_M; 1]` whose weights are a tensor of rank R. An
    absent modality keeps its 1 alone: a learned factor, and at the start the factor 1, so the
    product begins as that of those present. The sum over R follows the product; taken before
    it, as the formula is sometimes printed, the rank would be 1.

    Cost: linear in tokens, which are averaged; `R * dim` weights a token feature, however many
    modalities there are.

    Args:
        dims: width of a token, by modality.
        out_features: numbers that the tasks need.
        dim: width of `h`.
        rank: R.
        dropout: probability, in [0, 1).

    Raises:
        ConfigError: where the rank is below 1.

    Source: Liu et al. 2018 (LMF).
    """

    def __init__(
        self,
        *,
        dims: Mapping[str, int],
        out_features: int,
        dim: int = 64,
        rank: int = 8,
        dropout: float = 0.25,
    ) -> None:
        super().__init__()
        positive("low_rank", rank=rank)
        self.names = sorted_names(dims)
        self.rank = rank
        self.factors = nn.ModuleDict({m: nn.Linear(dims[m], rank * dim) for m in self.names})
        for factor in self.factors.values():
            nn.init.ones_(factor.bias)  # type: ignore[arg-type]
        self.weights = nn.Parameter(torch.randn(rank) / math.sqrt(rank))
        self.out = nn.Sequential(nn.Dropout(dropout), nn.Linear(dim, out_features))

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Fuse."""
        # the mean of nobody is 0, which leaves the bias: the `1` term
        factors = [
            self.factors[m](t.mean())
            for m, t in zip(self.names, in_order(tokens, self.names), strict=True)
        ]
        product = reduce(torch.mul, factors).unflatten(1, (self.rank, -1))
        return Fused(self.out((product * self.weights[:, None]).sum(dim=1)))
