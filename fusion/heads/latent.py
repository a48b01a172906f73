"""Iterative latent attention: a small learned array reads one modality after another."""

from collections.abc import Mapping

import torch
from torch import nn

from fusion.heads.base import Fused, FusionHead
from fusion.heads.blocks import CrossBlock, SelfBlock
from fusion.heads.check import positive
from fusion.heads.masking import shares
from fusion.heads.modalities import in_order, sorted_names
from fusion.types import Tokens


class LatentFusion(FusionHead):
    """`S <- S + A_m(S, X_m)` for each modality, then self-attention of `S`; several rounds.

    A modality that a patient lacks is passed over, for that patient alone and exactly: its
    latents are those of a head that never heard of it. Modalities take their turn by name. All
    rounds share their weights, as in the Perceiver, so rounds cost time and no parameters.

    `Fused.attention` compares how much of the last look at each modality was not at nothing
    (`softmax_one`), mean over latents and heads; it sums to one over those present.

    Cost: linear in tokens, `latents` scores for each and round.

    Args:
        dims: width of a token, by modality.
        out_features: numbers that the tasks need.
        dim: width of a latent; a multiple of `heads`.
        latents: how many.
        rounds: times that every modality is read.
        heads: of attention.
        dropout: probability, in [0, 1).

    Raises:
        ConfigError: where a size is below 1, or the heads do not divide `dim`.

    Sources: Jaegle et al. 2021 (Perceiver); Hemker et al. 2024 (HEALNet).
    """

    def __init__(
        self,
        *,
        dims: Mapping[str, int],
        out_features: int,
        dim: int = 64,
        latents: int = 16,
        rounds: int = 2,
        heads: int = 4,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        positive("latent", latents=latents, rounds=rounds)
        self.names = sorted_names(dims)
        self.rounds = rounds
        self.latents = nn.Parameter(torch.randn(latents, dim) * 0.02)
        self.project = nn.ModuleDict({m: nn.Linear(dims[m], dim) for m in self.names})
        self.read = nn.ModuleDict(
            {m: CrossBlock(dim=dim, heads=heads, dropout=dropout) for m in self.names}
        )
        self.think = SelfBlock(dim=dim, heads=heads, dropout=dropout)
        self.out = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, out_features))

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Fuse."""
        named = dict(zip(self.names, in_order(tokens, self.names), strict=True))
        x = {m: self.project[m](t.filled) for m, t in named.items()}
        state = self.latents.expand(len(next(iter(x.values()))), -1, -1)
        everything = torch.ones(state.shape[:2], dtype=torch.bool, device=state.device)
        masses = []
        for left in reversed(range(self.rounds)):
            for m, t in named.items():
                read, weights = self.read[m](state, x[m], t.mask, look=left == 0)
                state = torch.where(t.present[:, None, None], read, state)
                if weights is not None:
                    masses.append(weights.sum(dim=2).mean(dim=1))
            state, _ = self.think(state, everything, asking=state.shape[1])
        return Fused(self.out(state.mean(dim=1)), attention=shares(self.names, masses))
