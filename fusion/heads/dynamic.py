"""Dynamic attention over risks: each modality gives one, the patient decides which count."""

from collections.abc import Mapping

import torch
from torch import nn

from fusion.heads.base import Fused, FusionHead
from fusion.heads.masking import masked_softmax
from fusion.heads.modalities import in_order, sorted_names
from fusion.types import Tokens


class DynamicFusion(FusionHead):
    """`sum_m a_m (w_m . x_m + b_m)`, with `a = softmax_m(gated attention of x_m)` of those present.

    `x_m` is the mean token. The risk of a modality is linear in it, so what each one says can be
    read from the weights; the attention is that of Ilse (2018), with weights of each modality's
    own. Unlike `late`, whose weights are the same for everybody, a patient's own values decide
    what counts. A patient with none gets a learned prior.

    `Fused.attention` holds the weights `a`.

    Cost: linear in tokens, which are averaged.

    Args:
        dims: width of a token, by modality.
        out_features: numbers that the tasks need.
        attention_dim: width of the attention's layers.
        dropout: probability, in [0, 1), on the tokens.

    Source: Vanguri et al. 2022 (DyAM).
    """

    def __init__(
        self,
        *,
        dims: Mapping[str, int],
        out_features: int,
        attention_dim: int = 16,
        dropout: float = 0.25,
    ) -> None:
        super().__init__()
        self.names = sorted_names(dims)
        self.risk = nn.ModuleDict({m: nn.Linear(dims[m], out_features) for m in self.names})
        self.content, self.gate, self.score = (
            nn.ModuleDict({m: nn.Linear(dims[m], attention_dim) for m in self.names}),
            nn.ModuleDict({m: nn.Linear(dims[m], attention_dim) for m in self.names}),
            nn.ModuleDict({m: nn.Linear(attention_dim, 1) for m in self.names}),
        )
        self.drop = nn.Dropout(dropout)
        self.prior = nn.Parameter(torch.zeros(out_features))

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Fuse."""
        ordered = in_order(tokens, self.names)
        x = {m: self.drop(t.mean()) for m, t in zip(self.names, ordered, strict=True)}
        scores = [
            self.score[m](torch.tanh(self.content[m](x[m])) * torch.sigmoid(self.gate[m](x[m])))
            for m in self.names
        ]
        present = torch.stack([t.present for t in ordered], dim=1)
        weights = masked_softmax(torch.cat(scores, dim=1), present, dim=1)
        risks = torch.stack([self.risk[m](x[m]) for m in self.names], dim=1)
        result = (weights[:, :, None] * risks).sum(dim=1)
        result = torch.where(present.any(dim=1, keepdim=True), result, self.prior)
        return Fused(result, attention={m: weights[:, i] for i, m in enumerate(self.names)})
