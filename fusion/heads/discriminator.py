"""A discriminator that learns whether two vectors belong together, and vectors that escape it."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import binary_cross_entropy_with_logits


class Discriminator(nn.Module):
    """Tells pairs (s, u) of one patient from pairs of two, by the divergence of Jensen-Shannon.

    At its best it measures how much the joint distribution of `s` and `u` diverges from the
    product of their own: not at all where `u` tells nothing of `s`. Another patient's `s` is the
    next one's in the batch, so nothing is drawn.

    Args:
        dim: width of `s` and of `u`.
        hidden: width of its two layers.
        dropout: probability, in [0, 1).

    Sources: Hjelm et al. 2019 (Deep InfoMax); Sanchez et al. 2020 (shared and exclusive parts).
    """

    def __init__(self, *, dim: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.judge = nn.Sequential(
            nn.Linear(2 * dim, hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, 1),
        )

    def forward(
        self, shared: Float[Tensor, "patients dim"], unique: Float[Tensor, "patients dim"]
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """What `unique` is to make small, and what the discriminator is.

        The first reaches `unique` alone: neither `shared` nor the discriminator's weights. The
        second reaches only these. So one optimiser serves both. Both are 0 for fewer than two
        patients, of whom nothing can be told.
        """
        shared = shared.detach()
        if len(shared) < 2:
            return unique.sum() * 0.0, unique.sum() * 0.0
        own = torch.cat([shared, unique], dim=1)
        mixed = torch.cat([shared.roll(1, dims=0), unique], dim=1).detach()
        frozen = {name: weight.detach() for name, weight in self.judge.named_parameters()}
        escape = _as_if(functional_call(self.judge, frozen, (own,)), 1.0)
        return escape, _as_if(self.judge(own.detach()), 0.0) + _as_if(self.judge(mixed), 1.0)


def _as_if(logits: Float[Tensor, "patients 1"], label: float) -> Float[Tensor, ""]:
    """Cross-entropy, had all of them this label; 1 is a pair of two patients."""
    return binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))
