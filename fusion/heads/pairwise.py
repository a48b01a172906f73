"""Directed pairs: the tokens of each modality read those of every other."""

from collections.abc import Mapping

import torch
from torch import nn

from fusion.heads.base import Fused, FusionHead
from fusion.heads.blocks import CrossBlock
from fusion.heads.check import positive
from fusion.heads.modalities import in_order, sorted_names
from fusion.types import Tokens


class PairwiseFusion(FusionHead):
    """`Y_ab = blocks_ab(X_a, X_b)` for every ordered pair; `a` is told by `[X_a, Y_ab, ...]`.

    In `blocks_ab` the tokens of `a` ask and those of `b` are read, as they came, in every layer.
    Where `b` is absent `Y_ab` is `X_a` itself: nothing was read. Where `a` is absent a learned
    vector stands for it, and its pairs count for nothing. Tokens of a modality are averaged after
    they read; the paper, whose tokens are a time series, has a further transformer there and
    takes its last step.

    Each pair has attention of its own and none of them compares modalities, so `Fused.attention`
    is empty.

    Cost: the product of two modalities' tokens, for every pair; `M (M - 1)` stacks of blocks.

    Args:
        dims: width of a token, by modality.
        out_features: numbers that the tasks need.
        dim: common width of a token; a multiple of `heads`.
        layers: blocks of a pair.
        heads: of attention.
        hidden: width of the MLP.
        dropout: probability, in [0, 1).

    Raises:
        ConfigError: where a size is below 1, or the heads do not divide `dim`.

    Source: Tsai et al. 2019 (MulT).
    """

    def __init__(
        self,
        *,
        dims: Mapping[str, int],
        out_features: int,
        dim: int = 32,
        layers: int = 1,
        heads: int = 4,
        hidden: int = 64,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        positive("pairwise", layers=layers)
        self.names = sorted_names(dims)
        self.project = nn.ModuleDict({m: nn.Linear(dims[m], dim) for m in self.names})
        self.pairs = nn.ModuleDict()
        for a in self.names:
            self.pairs[a] = nn.ModuleDict(
                {
                    b: nn.ModuleList(
                        CrossBlock(dim=dim, heads=heads, dropout=dropout) for _ in range(layers)
                    )
                    for b in self.names
                    if b != a
                }
            )
        width = len(self.names) * dim
        self.absent = nn.Parameter(torch.randn(len(self.names), width) * 0.02)
        self.out = nn.Sequential(
            nn.LayerNorm(len(self.names) * width),
            nn.Linear(len(self.names) * width, hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, out_features),
        )

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Fuse."""
        named = dict(zip(self.names, in_order(tokens, self.names), strict=True))
        x = {m: Tokens(self.project[m](t.filled), t.mask) for m, t in named.items()}
        parts = []
        for a, absent in zip(self.names, self.absent, strict=True):
            told = [x[a].features, *(self._read(a, b, x) for b in self.names if b != a)]
            mean = Tokens(torch.cat(told, dim=2), x[a].mask).mean()
            parts.append(torch.where(x[a].present[:, None], mean, absent))
        return Fused(self.out(torch.cat(parts, dim=1)))

    def _read(self, a: str, b: str, x: Mapping[str, Tokens]) -> torch.Tensor:
        """`Y_ab`."""
        answer = x[a].features
        for block in self.pairs[a][b]:  # type: ignore[index]
            answer, _ = block(answer, x[b].features, x[b].mask)
        return torch.where(x[b].present[:, None, None], answer, x[a].features)
