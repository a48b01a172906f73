"""Late fusion: every modality votes for itself, the votes are weighed."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fusion.heads.base import Fused, FusionHead
from fusion.heads.modalities import in_order, sorted_names
from fusion.heads.perceptron import perceptron
from fusion.types import Tokens


class LateFusion(FusionHead):
    """One small predictor per modality; the result is a weighted mean of those present.

    The weights are a softmax over a learned score per modality, so an absent one weighs exactly
    nothing and the rest take its share. With `gated` the score also depends on the patient's own
    token (a mixture of experts: Jacobs 1991); without it, it is one number per modality. A
    patient with no modality at all gets a learned prior.

    `Fused.attention` holds the weights; they sum to one over the modalities present.

    Args:
        dims: width of a token, by modality.
        out_features: numbers that the tasks need.
        hidden: width of each predictor.
        dropout: probability, in [0, 1).
        gated: whether the weights depend on the patient.
    """

    def __init__(
        self,
        *,
        dims: Mapping[str, int],
        out_features: int,
        hidden: int = 128,
        dropout: float = 0.25,
        gated: bool = False,
    ) -> None:
        super().__init__()
        self.names = sorted_names(dims)
        self.predictors = nn.ModuleDict(
            {m: perceptron(dims[m], hidden, out_features, dropout) for m in self.names}
        )
        self.scores = nn.Parameter(torch.zeros(len(self.names)))
        gates = {m: nn.Linear(dims[m], 1, bias=False) for m in self.names} if gated else {}
        self.gates = nn.ModuleDict(gates)
        self.prior = nn.Parameter(torch.zeros(out_features))

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Fuse."""
        ordered = in_order(tokens, self.names)
        means = [t.mean() for t in ordered]
        votes = torch.stack(
            [self.predictors[m](x) for m, x in zip(self.names, means, strict=True)]
            + [self.prior.expand(len(means[0]), -1)],
            dim=1,
        )
        present = torch.stack([t.present for t in ordered], dim=1)
        # the prior votes only where nobody else does, so a softmax always has something to weigh
        voting = torch.cat([present, ~present.any(dim=1, keepdim=True)], dim=1)
        weights = self._scores(means).masked_fill(~voting, -torch.inf).softmax(dim=1)
        shares = {m: weights[:, i] for i, m in enumerate(self.names)}
        return Fused((weights[:, :, None] * votes).sum(dim=1), attention=shares)

    def _scores(self, means: list[Float[Tensor, "batch _"]]) -> Float[Tensor, "batch _"]:
        """Score of each modality, and 0 for the prior, for each patient."""
        scores = self.scores.expand(len(means[0]), -1)
        if self.gates:
            gates = [self.gates[m](x) for m, x in zip(self.names, means, strict=True)]
            scores = scores + torch.cat(gates, dim=1)
        return nn.functional.pad(scores, (0, 1))
