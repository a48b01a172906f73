"""Mixture of experts whose router sees which modalities are there."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fusion.errors import ConfigError
from fusion.heads.base import Fused, FusionHead
from fusion.heads.check import positive
from fusion.heads.masking import masked_softmax
from fusion.heads.modalities import in_order, sorted_names
from fusion.heads.perceptron import perceptron
from fusion.types import Tokens


class ExpertFusion(FusionHead):
    """`sum_k g_k(x, a) E_k(x)`, where only the `top` largest gates of a patient are not 0.

    `x` is the row of all projected mean tokens, a learned vector standing where one is absent,
    and `a` says which are there. Every expert is a network on the whole row, so experts may
    specialise on who has what. A gate tells an expert, not a modality, so `Fused.attention` is
    empty; `gates` has them.

    `Fused.penalties["expert_balance"]` is `balance` times the squared coefficient of variation of
    the experts' work over the batch: 0 where all work as much, `experts - 1` times it where one
    does everything. Of a patient alone it asks for even gates.

    Cost: linear in tokens, which are averaged; all experts run for all patients.

    Args:
        dims: width of a token, by modality.
        out_features: numbers that the tasks need.
        experts: how many.
        top: how many of them answer for a patient.
        dim: width of each modality's part of the row.
        hidden: width of an expert.
        dropout: probability, in [0, 1).
        balance: factor of the penalty.

    Raises:
        ConfigError: where `top` is not among 1 to `experts`.

    Sources: Shazeer et al. 2017 (gates and balance); Yun et al. 2024 (Flex-MoE) and Saueressig
    et al. 2026, where the router sees which modalities are there.
    """

    def __init__(
        self,
        *,
        dims: Mapping[str, int],
        out_features: int,
        experts: int = 4,
        top: int = 2,
        dim: int = 32,
        hidden: int = 64,
        dropout: float = 0.25,
        balance: float = 0.01,
    ) -> None:
        super().__init__()
        positive("experts", experts=experts, top=top)
        if top > experts:
            raise ConfigError(f"head experts: top={top} of experts={experts}; expected no more")
        self.names = sorted_names(dims)
        self.top = top
        self.balance = balance
        self.project = nn.ModuleDict({m: nn.Linear(dims[m], dim) for m in self.names})
        self.absent = nn.Parameter(torch.randn(len(self.names), dim) * 0.02)
        width = len(self.names) * dim
        self.router = nn.Linear(width + len(self.names), experts)
        self.experts = nn.ModuleList(
            perceptron(width, hidden, out_features, dropout) for _ in range(experts)
        )

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Fuse."""
        row, gates = self._routed(tokens)
        answers = torch.stack([expert(row) for expert in self.experts], dim=1)
        return Fused(
            (gates[:, :, None] * answers).sum(dim=1),
            penalties={"expert_balance": self.balance * imbalance(gates)},
        )

    def gates(self, tokens: Mapping[str, Tokens]) -> Float[Tensor, "batch experts"]:
        """What each expert counts for each patient; they sum to one."""
        return self._routed(tokens)[1]

    def _routed(
        self, tokens: Mapping[str, Tokens]
    ) -> tuple[Float[Tensor, "batch width"], Float[Tensor, "batch experts"]]:
        ordered = in_order(tokens, self.names)
        present = torch.stack([t.present for t in ordered], dim=1)
        parts = [self.project[m](t.mean()) for m, t in zip(self.names, ordered, strict=True)]
        row = torch.where(present[:, :, None], torch.stack(parts, dim=1), self.absent).flatten(1)
        scores = self.router(torch.cat([row, present.to(row.dtype)], dim=1))
        chosen = torch.zeros_like(scores, dtype=torch.bool)
        chosen = chosen.scatter(1, scores.topk(self.top, dim=1).indices, True)
        return row, masked_softmax(scores, chosen, dim=1)


def imbalance(gates: Float[Tensor, "batch experts"]) -> Float[Tensor, ""]:
    """Squared coefficient of variation of the experts' mean gates.

    Example:
        >>> imbalance(torch.tensor([[1.0, 0.0], [0.0, 1.0]])).item()
        0.0
        >>> imbalance(torch.tensor([[1.0, 0.0], [1.0, 0.0]])).item()
        1.0
    """
    work = gates.mean(dim=0)
    return work.var(unbiased=False) / work.mean().square()
