"""A learned token in place of a modality that a patient lacks."""

from collections.abc import Mapping
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fusion.heads.base import Fused, FusionHead
from fusion.heads.modalities import in_order, sorted_names
from fusion.types import Tokens


class LearnedMissing(FusionHead):
    """Wraps any head, which then sees every modality of everybody.

    Where a patient lacks a modality, one learned token of that modality stands in. So absence
    itself can tell something, as where a test is only done if somebody is worried; that is also
    its danger, since who gets which test differs from centre to centre. Without the wrapper what
    is absent is masked, and tells a head nothing beyond what its own formula says.

    `Fused.attention` of an absent modality is 0, so the shares of such patients sum to less than
    one: the rest went to learned tokens.

    Args:
        head: built for the same modalities.
        dims: width of a token, by modality.

    Source: Lee et al. 2023 (missing-aware prompts), in the plainest form.
    """

    def __init__(self, head: FusionHead, *, dims: Mapping[str, int]) -> None:
        super().__init__()
        self.names = sorted_names(dims)
        self.head = head
        self.absent = nn.ParameterDict(
            {m: nn.Parameter(torch.randn(dims[m]) * 0.02) for m in self.names}
        )

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Fill, and fuse."""
        named = dict(zip(self.names, in_order(tokens, self.names), strict=True))
        fused: Fused = self.head({m: stand_in(t, self.absent[m]) for m, t in named.items()})
        looks = {
            m: share.where(named[m].present.view(-1, *[1] * (share.ndim - 1)), 0.0)
            for m, share in fused.attention.items()
        }
        return replace(fused, attention=looks)


def stand_in(tokens: Tokens, vector: Float[Tensor, " dim"]) -> Tokens:
    """The same tokens, with `vector` as the one token of whoever has none.

    Example:
        >>> tokens = Tokens(torch.ones(2, 1, 1), torch.tensor([[True], [False]]))
        >>> stand_in(tokens, torch.tensor([7.0])).features.tolist()
        [[[1.0]], [[7.0]]]
    """
    first = torch.zeros_like(tokens.mask)
    first[:, 0] = ~tokens.present
    features = torch.where(first[:, :, None], vector.to(tokens.features.dtype), tokens.filled)
    return Tokens(features, tokens.mask | first)
