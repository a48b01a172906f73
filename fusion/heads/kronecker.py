"""Kronecker product of gated modalities: every product of one feature from each."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from fusion.errors import ConfigError
from fusion.heads.base import Fused, FusionHead
from fusion.heads.modalities import in_order, sorted_names
from fusion.types import Tokens


class KroneckerFusion(FusionHead):
    """An MLP reads `[o_1; 1] x ... x [o_M; 1]`, and once more all `o_m` beside it.

    `o_m = ReLU(W(z_m * ReLU(V x_m)))` is a gated modality, with
    `z_m = sigmoid(mean over j of B_mj(x_m, x_j))` over the other modalities that are there; where
    there is no other the gate is open. An absent modality has `o_m = 0` and keeps its 1, so all
    products of those present remain.

    Three modalities or more are gated by all others in place of one chosen other as published.

    Cost: linear in tokens, which are averaged; `(dim + 1)^M` numbers a patient, times `hidden`
    weights.

    Args:
        dims: width of a token, by modality.
        out_features: numbers that the tasks need.
        dim: features of each modality.
        hidden: width of the MLP.
        dropout: probability, in [0, 1).
        max_width: largest Kronecker product that is not refused.

    Raises:
        ConfigError: where the product is larger.

    Sources: Zadeh et al. 2017 (TFN); Chen et al. 2020 (Pathomic Fusion).
    """

    def __init__(
        self,
        *,
        dims: Mapping[str, int],
        out_features: int,
        dim: int = 8,
        hidden: int = 64,
        dropout: float = 0.25,
        max_width: int = 65536,
    ) -> None:
        super().__init__()
        self.names = sorted_names(dims)
        count = len(self.names)
        width = (dim + 1) ** count
        if width > max_width:
            fits = max((d for d in range(dim) if (d + 1) ** count <= max_width), default=0)
            raise ConfigError(
                f"head kronecker: {count} modalities of dim={dim} make {width:,} products, more "
                f"than max_width={max_width:,}; take dim={fits} or less, fewer modalities, or "
                "head=low_rank, which approximates this one"
            )
        self.project = nn.ModuleDict({m: nn.Linear(dims[m], dim) for m in self.names})
        self.hidden = nn.ModuleDict(
            {m: nn.Sequential(nn.Linear(dim, dim), nn.ReLU()) for m in self.names}
        )
        self.gates = nn.ModuleDict(
            {
                m: nn.ModuleDict({j: nn.Bilinear(dim, dim, dim) for j in self.names if j != m})
                for m in self.names
            }
        )
        self.gated = nn.ModuleDict(
            {
                m: nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Dropout(dropout))
                for m in self.names
            }
        )
        self.read = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(width, hidden), nn.ReLU(), nn.Dropout(dropout)
        )
        self.out = nn.Sequential(
            nn.Linear(hidden + count * dim, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, out_features),
        )

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Fuse."""
        ordered = in_order(tokens, self.names)
        there = {m: t.present for m, t in zip(self.names, ordered, strict=True)}
        x = {m: self.project[m](t.mean()) for m, t in zip(self.names, ordered, strict=True)}
        parts = [self._gated(m, x, there) * there[m][:, None] for m in self.names]
        return Fused(self.out(torch.cat([self.read(kronecker(parts)), *parts], dim=1)))

    def _gated(
        self,
        name: str,
        x: Mapping[str, Float[Tensor, "batch dim"]],
        there: Mapping[str, Bool[Tensor, " batch"]],
    ) -> Float[Tensor, "batch dim"]:
        hidden: Tensor = self.hidden[name](x[name])
        others = [j for j in self.names if j != name]
        if others:
            gates: nn.ModuleDict = self.gates[name]  # type: ignore[assignment]
            # as wide as the weights: on a CPU, autocast leaves torch's Bilinear alone
            kind = next(self.parameters()).dtype
            wide = {j: x[j].to(kind) for j in self.names}
            total = torch.stack([gates[j](wide[name], wide[j]) * there[j][:, None] for j in others])
            count = torch.stack([there[j] for j in others]).sum(dim=0)[:, None]
            opened = torch.sigmoid(total.sum(dim=0) / count.clamp(min=1))
            hidden = torch.where(count > 0, opened * hidden, hidden)
        gated: Tensor = self.gated[name](hidden)
        return gated


def kronecker(parts: Sequence[Float[Tensor, "batch _"]]) -> Float[Tensor, "batch width"]:
    """Kronecker product of rows, with a 1 put after each.

    Example:
        >>> kronecker([torch.tensor([[2.0]]), torch.tensor([[5.0, 0.0]])]).tolist()
        [[10.0, 0.0, 2.0, 5.0, 0.0, 1.0]]
    """
    product = parts[0].new_ones(len(parts[0]), 1)
    for part in parts:
        longer = nn.functional.pad(part, (0, 1), value=1.0)
        product = (product[:, :, None] * longer[:, None, :]).flatten(1)
    return product
