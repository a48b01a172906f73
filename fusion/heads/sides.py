"""What a guide read on one side, the guide itself on the other, then both together."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from fusion.heads.base import Fused
from fusion.heads.blocks import SelfBlock
from fusion.heads.masking import masked_softmax, shares
from fusion.heads.perceptron import perceptron
from fusion.types import Tokens


class Side(nn.Module):
    """A set of tokens -> a vector: they look at each other, then gated attention weighs them.

    A patient without any token gets what the last layer makes of 0.

    Args:
        dim: width of a token; a multiple of `heads`.
        layers: of self-attention.
        heads: of it.
        dropout: probability, in [0, 1).

    Sources: Ilse 2018 (gated attention), as the sides of MCAT (Chen 2021).
    """

    def __init__(self, *, dim: int, layers: int, heads: int, dropout: float) -> None:
        super().__init__()
        # softmax_one: a side with nobody on it must not be NaN
        self.blocks = nn.ModuleList(
            SelfBlock(dim=dim, heads=heads, dropout=dropout, softmax_one=True)
            for _ in range(layers)
        )
        self.norm = nn.LayerNorm(dim)
        self.content, self.gate = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.score = nn.Linear(dim, 1, bias=False)
        self.last = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Dropout(dropout))

    def forward(
        self, x: Float[Tensor, "batch n dim"], real: Bool[Tensor, "batch n"]
    ) -> tuple[Float[Tensor, "batch dim"], Float[Tensor, "batch n"]]:
        """The vector, and the weights of the tokens."""
        for block in self.blocks:
            x, _ = block(x, real, asking=x.shape[1])
        x = self.norm(x)
        scores = self.score(torch.tanh(self.content(x)) * torch.sigmoid(self.gate(x)))
        weights = masked_softmax(scores[:, :, 0], real, dim=1)
        return self.last((weights[:, :, None] * x).sum(dim=1)), weights


class TwoSides(nn.Module):
    """`MLP([side of what was read; side of the guide])`.

    On the first side stands, for each modality and each token of the guide, what that token read;
    an absent modality is not on it. `Fused.attention` has the shares of the modalities there.

    Args:
        names: modalities that are read, in order.
        out_features: numbers that the tasks need.
        dim: width of a token; a multiple of `heads`.
        layers: of each side.
        heads: of attention.
        hidden: width of the MLP.
        dropout: probability, in [0, 1).

    Source: Chen et al. 2021 (MCAT).
    """

    def __init__(
        self,
        *,
        names: Sequence[str],
        out_features: int,
        dim: int,
        layers: int,
        heads: int,
        hidden: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.names = tuple(names)
        self.modality = nn.Parameter(torch.randn(len(self.names), dim) * 0.02)
        self.read = Side(dim=dim, layers=layers, heads=heads, dropout=dropout)
        self.guide = Side(dim=dim, layers=layers, heads=heads, dropout=dropout)
        self.out = perceptron(2 * dim, hidden, out_features, dropout)

    def forward(
        self,
        guide: Tokens,
        answers: Mapping[str, Float[Tensor, "batch asking dim"]],
        present: Mapping[str, Bool[Tensor, " batch"]],
    ) -> Fused:
        """Fuse, given what each token of the guide read in each modality."""
        read = torch.cat([answers[m] + self.modality[i] for i, m in enumerate(self.names)], dim=1)
        real = torch.cat([guide.mask & present[m][:, None] for m in self.names], dim=1)
        first, weights = self.read(read, real)
        second, _ = self.guide(guide.features, guide.mask)
        masses = [part.sum(dim=1) for part in weights.split(guide.mask.shape[1], dim=1)]
        return Fused(
            self.out(torch.cat([first, second], dim=1)), attention=shares(self.names, masses)
        )
