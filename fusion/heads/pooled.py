"""Masked mean or maximum over the modalities that are there."""

from collections.abc import Mapping

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from fusion.errors import ConfigError
from fusion.heads.base import Fused, FusionHead
from fusion.heads.masking import masked_mean
from fusion.heads.modalities import in_order, sorted_names
from fusion.types import Tokens


class PooledFusion(FusionHead):
    """`h = mean or max over m of GELU(W_m x_m)`, of those present; then an MLP.

    `x_m` is the mean token. An absent modality is as if it had never been configured. A patient
    with none gets what the MLP makes of 0.

    `Fused.attention` is an equal share for each modality present, or, of the maximum, the share
    of features in which the modality was the largest.

    Cost: linear in tokens, which are averaged.

    Args:
        dims: width of a token, by modality.
        out_features: numbers that the tasks need.
        how: `mean` or `max`.
        dim: width of `h`.
        hidden: width of the MLP.
        dropout: probability, in [0, 1).

    Raises:
        ConfigError: where `how` is neither.

    Sources: Cheerla and Gevaert 2019 (mean); Vale-Silva and Rohr 2021 (MultiSurv, maximum).
    """

    def __init__(
        self,
        *,
        dims: Mapping[str, int],
        out_features: int,
        how: str = "mean",
        dim: int = 64,
        hidden: int = 64,
        dropout: float = 0.25,
    ) -> None:
        super().__init__()
        if how not in ("mean", "max"):
            raise ConfigError(f"head pooled: how={how!r} does not exist, expected 'mean' or 'max'")
        self.names = sorted_names(dims)
        self.pool = mean if how == "mean" else maximum
        self.project = nn.ModuleDict(
            {m: nn.Sequential(nn.Linear(dims[m], dim), nn.GELU()) for m in self.names}
        )
        self.out = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(dim, hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, out_features),
        )

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Fuse."""
        ordered = in_order(tokens, self.names)
        hidden = [self.project[m](t.mean()) for m, t in zip(self.names, ordered, strict=True)]
        present = torch.stack([t.present for t in ordered], dim=1)
        pooled, looks = self.pool(torch.stack(hidden, dim=1), present)
        return Fused(self.out(pooled), attention={m: looks[:, i] for i, m in enumerate(self.names)})


def mean(
    hidden: Float[Tensor, "batch m dim"], present: Bool[Tensor, "batch m"]
) -> tuple[Float[Tensor, "batch dim"], Float[Tensor, "batch m"]]:
    """Mean of those present, and equal shares of it.

    Example:
        >>> pooled, looks = mean(torch.tensor([[[1.0], [3.0]]]), torch.tensor([[True, True]]))
        >>> pooled.tolist(), looks.tolist()
        ([[2.0]], [[0.5, 0.5]])
    """
    equal = present / present.sum(dim=1, keepdim=True).clamp(min=1)
    return masked_mean(hidden, present), equal.to(hidden.dtype)


def maximum(
    hidden: Float[Tensor, "batch m dim"], present: Bool[Tensor, "batch m"]
) -> tuple[Float[Tensor, "batch dim"], Float[Tensor, "batch m"]]:
    """Largest of those present, feature by feature, and how often each was that.

    Example:
        >>> hidden = torch.tensor([[[1.0, 9.0], [3.0, 2.0], [7.0, 7.0]]])
        >>> pooled, looks = maximum(hidden, torch.tensor([[True, True, False]]))
        >>> pooled.tolist(), looks.tolist()
        ([[3.0, 9.0]], [[0.5, 0.5, 0.0]])
    """
    largest, which = hidden.masked_fill(~present[:, :, None], -torch.inf).max(dim=1)
    somebody = present.any(dim=1, keepdim=True)
    won = nn.functional.one_hot(which, hidden.shape[1]).to(hidden.dtype).mean(dim=1)
    return torch.where(somebody, largest, 0.0), won * somebody
