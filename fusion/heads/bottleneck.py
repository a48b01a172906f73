"""Bottleneck tokens: modalities exchange what fits into a few shared tokens."""

from collections.abc import Mapping

import torch
from torch import nn

from fusion.heads.base import Fused, FusionHead
from fusion.heads.blocks import SelfBlock
from fusion.heads.check import positive
from fusion.heads.masking import shares
from fusion.heads.modalities import in_order, sorted_names
from fusion.types import Tokens


class BottleneckFusion(FusionHead):
    """`[B_m, X_m] <- block_m([B, X_m])`, then `B <- mean of B_m` over those present, in layers.

    Each modality has blocks of its own and never looks at another's tokens. What they know of
    each other has passed through the shared tokens `B`, which are learned at the start. The
    outputs are read from the last `B`; the paper reads a class token of each modality instead.
    Somebody with no modality keeps the learned `B`.

    `Fused.attention` compares how much of the last look of `B_m` went to its modality and not to
    the bottleneck, mean over tokens and heads; it sums to one over those present.

    Cost: quadratic in the tokens of one modality, never in those of two; linear with one layer,
    since in the last only `B` asks.

    Args:
        dims: width of a token, by modality.
        out_features: numbers that the tasks need.
        dim: common width of a token; a multiple of `heads`.
        bottleneck: shared tokens.
        layers: of blocks.
        heads: of attention.
        dropout: probability, in [0, 1).

    Raises:
        ConfigError: where a size is below 1, or the heads do not divide `dim`.

    Source: Nagrani et al. 2021 (MBT).
    """

    def __init__(
        self,
        *,
        dims: Mapping[str, int],
        out_features: int,
        dim: int = 64,
        bottleneck: int = 4,
        layers: int = 2,
        heads: int = 4,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        positive("bottleneck", bottleneck=bottleneck, layers=layers)
        self.names = sorted_names(dims)
        self.bottleneck = nn.Parameter(torch.randn(bottleneck, dim) * 0.02)
        self.project = nn.ModuleDict({m: nn.Linear(dims[m], dim) for m in self.names})
        self.layers = nn.ModuleList(
            nn.ModuleDict({m: SelfBlock(dim=dim, heads=heads, dropout=dropout) for m in self.names})
            for _ in range(layers)
        )
        self.out = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, out_features))

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Fuse."""
        named = dict(zip(self.names, in_order(tokens, self.names), strict=True))
        present = torch.stack([t.present for t in named.values()], dim=1)[:, :, None, None]
        x = {m: self.project[m](t.filled) for m, t in named.items()}
        shared = self.bottleneck.expand(len(present), -1, -1)
        size = shared.shape[1]
        for depth, blocks in enumerate(self.layers, start=1):
            last = depth == len(self.layers)
            own, masses = [], []
            for m, t in named.items():
                row = torch.cat([shared, x[m]], dim=1)
                real = nn.functional.pad(t.mask, (size, 0), value=True)
                asking = size if last else row.shape[1]
                answer, weights = blocks[m](  # type: ignore[index]
                    row, real, asking=asking, look=last
                )
                own.append(answer[:, :size])
                x[m] = answer[:, size:]
                if weights is not None:
                    masses.append(weights[:, :, size:].sum(dim=2).mean(dim=1))
            total = (torch.stack(own, dim=1) * present).sum(dim=1)
            count = present.sum(dim=1)
            shared = torch.where(count > 0, total / count.clamp(min=1), shared)
        return Fused(self.out(shared.mean(dim=1)), attention=shares(self.names, masses))
