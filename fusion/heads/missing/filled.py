"""Any head behind something that stands for what is absent."""

from collections.abc import Mapping
from dataclasses import replace

from fusion.heads.base import Fused, FusionHead
from fusion.heads.missing.fill import Fill
from fusion.types import Tokens


class FilledFusion(FusionHead):
    """Fills, then fuses: the head behind sees what stands in as if the patient had it.

    `Fused.attention` of an absent modality is 0, so the shares of such patients sum to less than
    one: the rest went to what stood in.

    Args:
        head: built for tokens of the widths `fill.dims`.
        fill: what stands in.
    """

    def __init__(self, head: FusionHead, *, fill: Fill) -> None:
        super().__init__()
        self.head = head
        self.fill = fill

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Fill, and fuse."""
        filled, penalties = self.fill(tokens)
        fused: Fused = self.head(filled)
        looks = {
            m: share.where(tokens[m].present.view(-1, *[1] * (share.ndim - 1)), 0.0)
            for m, share in fused.attention.items()
        }
        return replace(fused, penalties={**fused.penalties, **penalties}, attention=looks)
