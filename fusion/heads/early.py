"""Early fusion: one vector per modality, side by side, then one network."""

from collections.abc import Mapping

import torch
from torch import nn

from fusion.heads.base import Fused, FusionHead
from fusion.heads.modalities import in_order, sorted_names
from fusion.heads.perceptron import perceptron
from fusion.types import Tokens


class EarlyFusion(FusionHead):
    """Concatenates the projected mean token of every modality; an MLP reads the row.

    Where a patient lacks a modality a learned vector stands in its place, so the network can
    tell absence from any value that a modality takes, and no zero is passed off as a finding.

    Args:
        dims: width of a token, by modality.
        out_features: numbers that the tasks need.
        dim: width of each modality's part of the row.
        hidden: width of the MLP.
        dropout: probability, in [0, 1).

    Example:
        >>> head = EarlyFusion(dims={"rna": 3, "mri": 2}, out_features=1)
        >>> nobody = {m: Tokens(torch.zeros(4, 1, d), torch.zeros(4, 1).bool())
        ...           for m, d in {"rna": 3, "mri": 2}.items()}
        >>> head(nobody).outputs.shape
        torch.Size([4, 1])
    """

    def __init__(
        self,
        *,
        dims: Mapping[str, int],
        out_features: int,
        dim: int = 128,
        hidden: int = 256,
        dropout: float = 0.25,
    ) -> None:
        super().__init__()
        self.names = sorted_names(dims)
        self.project = nn.ModuleDict({m: nn.Linear(dims[m], dim) for m in self.names})
        self.absent = nn.Parameter(torch.randn(len(self.names), dim) * 0.02)
        self.mlp = perceptron(len(self.names) * dim, hidden, out_features, dropout)

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Fuse."""
        parts = [
            torch.where(t.present[:, None], self.project[m](t.mean()), absent)
            for m, t, absent in zip(
                self.names, in_order(tokens, self.names), self.absent, strict=True
            )
        ]
        return Fused(self.mlp(torch.cat(parts, dim=-1)))
