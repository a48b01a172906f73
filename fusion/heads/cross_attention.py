"""Cross-attention: a few learned queries read the tokens of all modalities."""

from collections.abc import Mapping

import torch
from torch import nn

from fusion.heads.base import Fused, FusionHead
from fusion.heads.blocks import CrossBlock
from fusion.heads.check import positive
from fusion.heads.masking import shares
from fusion.heads.modalities import in_order, sorted_names
from fusion.types import Tokens


class CrossAttentionFusion(FusionHead):
    """Learned queries attend to all real tokens at once; their answers stand side by side.

    Tokens are projected to one width by a layer of each modality's own, whose bias tells them
    apart, and never change: only the queries do, from layer to layer. Attention is `softmax_one`,
    so a query may look at nothing, and somebody with no modality gets a learned constant.

    `Fused.attention` is the share of the queries' last look, mean over queries and heads, that
    went to each modality, nothing left out: it sums to one over those present.

    Cost: linear in tokens, `queries` scores for each.

    Args:
        dims: width of a token, by modality.
        out_features: numbers that the tasks need.
        dim: common width of a token; a multiple of `heads`.
        queries: how many.
        layers: times that they read.
        heads: of attention.
        dropout: probability, in [0, 1).

    Raises:
        ConfigError: where a size is below 1, or the heads do not divide `dim`.

    Source: Lee et al. 2019 (pooling by multi-head attention, Set Transformer).
    """

    def __init__(
        self,
        *,
        dims: Mapping[str, int],
        out_features: int,
        dim: int = 64,
        queries: int = 4,
        layers: int = 1,
        heads: int = 4,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        positive("cross_attention", queries=queries, layers=layers)
        self.names = sorted_names(dims)
        self.project = nn.ModuleDict({m: nn.Linear(dims[m], dim) for m in self.names})
        self.queries = nn.Parameter(torch.randn(queries, dim) * 0.02)
        self.blocks = nn.ModuleList(
            CrossBlock(dim=dim, heads=heads, dropout=dropout) for _ in range(layers)
        )
        self.out = nn.Sequential(
            nn.LayerNorm(dim), nn.Flatten(), nn.Linear(queries * dim, out_features)
        )

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Fuse."""
        ordered = in_order(tokens, self.names)
        read = torch.cat(
            [self.project[m](t.filled) for m, t in zip(self.names, ordered, strict=True)], dim=1
        )
        real = torch.cat([t.mask for t in ordered], dim=1)
        answer = self.queries.expand(len(read), -1, -1)
        for block in self.blocks[:-1]:
            answer, _ = block(answer, read, real)
        answer, weights = self.blocks[-1](answer, read, real, look=True)
        looks = weights.mean(dim=1).split([t.mask.shape[1] for t in ordered], dim=1)
        masses = [part.sum(dim=1) for part in looks]
        return Fused(self.out(answer), attention=shares(self.names, masses))
