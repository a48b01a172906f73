"""Attention fusion: a class token reads every token of every modality that is there."""

from collections.abc import Mapping

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from fusion.errors import ConfigError
from fusion.heads.base import Fused, FusionHead
from fusion.heads.blocks import SelfBlock
from fusion.heads.masking import shares
from fusion.heads.modalities import in_order, sorted_names
from fusion.types import Tokens


class AttentionFusion(FusionHead):
    """Masked self-attention over the tokens of all modalities and one learned class token.

    Tokens are projected to one width and get a learned embedding of their modality; what is
    absent is masked out and never stands in as zeros. Blocks are pre-norm (Xiong 2020); in the
    last one only the class token asks, since only its answer is read. The class token also reads
    itself, so a patient with no modality at all gets a learned prior.

    `Fused.attention` is the share of the class token's last look, mean over the heads,
    that went to each modality, the class token itself left out: it sums to one over the
    modalities present, and is 0 where one is absent. A share is not an effect: it says where
    the model looked.

    Args:
        dims: width of a token, by modality.
        out_features: numbers that the tasks need.
        dim: common width of a token; a multiple of `heads`.
        layers: blocks, at least 1.
        heads: of attention, in each block.
        dropout: probability, in [0, 1).
        softmax_one: whether a token may also look at nothing (Miller 2023).

    Raises:
        ConfigError: where there is no layer, or the heads do not divide `dim`.
    """

    def __init__(
        self,
        *,
        dims: Mapping[str, int],
        out_features: int,
        dim: int = 128,
        layers: int = 2,
        heads: int = 4,
        dropout: float = 0.1,
        softmax_one: bool = False,
    ) -> None:
        super().__init__()
        self.names = sorted_names(dims)
        if layers < 1 or dim % heads:
            raise ConfigError(
                f"head attention: layers={layers}, dim={dim}, heads={heads}; "
                "expected at least one layer, and a dim that the heads divide"
            )
        self.project = nn.ModuleDict({m: nn.Linear(dims[m], dim) for m in self.names})
        self.modality = nn.Parameter(torch.randn(len(self.names), dim) * 0.02)
        self.class_token = nn.Parameter(torch.randn(dim) * 0.02)
        self.blocks = nn.ModuleList(
            SelfBlock(dim=dim, heads=heads, dropout=dropout, softmax_one=softmax_one)
            for _ in range(layers)
        )
        self.out = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, out_features))

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Fuse."""
        ordered = in_order(tokens, self.names)
        x, real = self._sequence(ordered)
        for block in self.blocks[:-1]:
            x, _ = block(x, real, asking=x.shape[1])
        answer, weights = self.blocks[-1](x, real, asking=1, look=True)
        lengths = [t.mask.shape[1] for t in ordered]
        masses = [part.sum(dim=1) for part in weights[:, 0, 1:].split(lengths, dim=1)]
        return Fused(self.out(answer[:, 0]), attention=shares(self.names, masses))

    def _sequence(
        self, ordered: list[Tokens]
    ) -> tuple[Float[Tensor, "batch n dim"], Bool[Tensor, "batch n"]]:
        """The class token first, then all tokens, and which of them are real."""
        batch = len(ordered[0])
        parts = [self.class_token.expand(batch, 1, -1)]
        masks = [ordered[0].mask.new_ones(batch, 1)]
        for i, (name, t) in enumerate(zip(self.names, ordered, strict=True)):
            # `filled`: attention multiplies a masked value by 0, which leaves a NaN a NaN
            parts.append(self.project[name](t.filled) + self.modality[i])
            masks.append(t.mask)
        return torch.cat(parts, dim=1), torch.cat(masks, dim=1)
