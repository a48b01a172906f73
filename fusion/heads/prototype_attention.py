"""Attention among few tokens with a meaning, each modality pooled for itself."""

from collections.abc import Mapping

import torch
from torch import nn

from fusion.heads.base import Fused, FusionHead
from fusion.heads.blocks import attention
from fusion.heads.check import positive
from fusion.heads.modalities import in_order, sorted_names
from fusion.types import Tokens


class PrototypeAttentionFusion(FusionHead):
    """Full self-attention over all tokens, then the mean of each modality, side by side.

    For encoders that give everybody the same few tokens, such as `prototypes` for slides and
    `pathways` for genes. A token is projected and marked with a learned vector of its modality.
    Unlike `attention` there is no class token: every modality keeps its place before the last
    layer, so that none can be drowned by another's number of tokens, and blocks are post-norm, so
    that each mean is over normed tokens. What is absent is masked, and a learned vector has its
    place.

    The paper appends a fixed mark of the modality, has one head and no residuals; its last layer
    is linear in the means, as here.

    Means are compared by the last layer, so `Fused.attention` is empty.

    Cost: time quadratic in tokens, memory linear.

    Args:
        dims: width of a token, by modality.
        out_features: numbers that the tasks need.
        dim: common width of a token; a multiple of `heads`.
        layers: blocks.
        heads: of attention.
        dropout: probability, in [0, 1).

    Raises:
        ConfigError: where a size is below 1, or the heads do not divide `dim`.

    Source: Song et al. 2024 (MMP).
    """

    def __init__(
        self,
        *,
        dims: Mapping[str, int],
        out_features: int,
        dim: int = 64,
        layers: int = 1,
        heads: int = 4,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        positive("prototype_attention", layers=layers)
        self.names = sorted_names(dims)
        self.project = nn.ModuleDict({m: nn.Linear(dims[m], dim) for m in self.names})
        self.modality = nn.Parameter(torch.randn(len(self.names), dim) * 0.02)
        self.absent = nn.Parameter(torch.randn(len(self.names), dim) * 0.02)
        self.blocks = nn.ModuleList(
            _PostNorm(dim=dim, heads=heads, dropout=dropout) for _ in range(layers)
        )
        self.out = nn.Linear(len(self.names) * dim, out_features)

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Fuse."""
        ordered = in_order(tokens, self.names)
        marked = [
            self.project[m](t.filled) + mark
            for m, t, mark in zip(self.names, ordered, self.modality, strict=True)
        ]
        x, real = torch.cat(marked, dim=1), torch.cat([t.mask for t in ordered], dim=1)
        # who has nothing looks at masked tokens, whose answers nobody reads, and not at NaN
        real = real | ~real.any(dim=1, keepdim=True)
        for block in self.blocks:
            x = block(x, real)
        parts = x.split([t.mask.shape[1] for t in ordered], dim=1)
        means = [
            torch.where(t.present[:, None], Tokens(part, t.mask).mean(), absent)
            for part, t, absent in zip(parts, ordered, self.absent, strict=True)
        ]
        return Fused(self.out(torch.cat(means, dim=1)))


class _PostNorm(nn.Module):
    """Attention and a network, each followed by the norm of what it adds to (Vaswani 2017)."""

    def __init__(self, *, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        # answers are dropped, not weights: torch would otherwise make the matrix of all pairs
        self.attention = attention(dim, heads, 0.0, softmax_one=False)
        self.drop = nn.Dropout(dropout)
        self.feed = nn.Sequential(
            nn.Linear(dim, 2 * dim), nn.GELU(), nn.Dropout(dropout), nn.Linear(2 * dim, dim)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(2))

    def forward(self, x: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        """All tokens anew."""
        read, _ = self.attention(x, x, x, key_padding_mask=~real, need_weights=False)
        x = self.norms[0](x + self.drop(read))
        after: torch.Tensor = self.norms[1](x + self.drop(self.feed(x)))
        return after
