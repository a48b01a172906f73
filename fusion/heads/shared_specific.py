"""One encoder shared by all modalities beside one of each, fused as a residual."""

from collections.abc import Mapping

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from fusion.heads.base import Fused, FusionHead
from fusion.heads.masking import masked_mean
from fusion.heads.modalities import in_order, sorted_names
from fusion.heads.perceptron import perceptron
from fusion.types import Tokens


class SharedSpecificFusion(FusionHead):
    """`MLP([f_1; ...; f_M])`, `f_m = s_m + W [s_m; r_m]` from shared `s_m` and specific `r_m`.

    Tokens are projected to one width by a layer of their modality; one network reads them all
    for `s_m`, and one of the modality's own reads the tokens themselves for `r_m`, both a mean
    over tokens. Where a modality is absent, `f_m` is the mean `s` of those present: what all
    share is known of it, and nothing else. Somebody with none gets a learned vector.

    `Fused.penalties`:

    - `shared_alignment` is `alignment` times the mean absolute difference of `s_a` and `s_b`,
      over all pairs of modalities and the patients who have both. `s` is normed, so it cannot
      comply by shrinking.
    - `specific_domain` is `domain` times the cross-entropy of telling from `r_m` which modality
      it is, over all that are there.

    Cost: linear in tokens, each of which two networks read.

    Args:
        dims: width of a token, by modality.
        out_features: numbers that the tasks need.
        dim: width of shared and specific features.
        hidden: width of the networks and of the MLP.
        dropout: probability, in [0, 1).
        alignment: factor of that penalty.
        domain: factor of the other.

    Source: Wang et al. 2023 (ShaSpec), where all modalities are images of one shape and need no
    projection.
    """

    def __init__(
        self,
        *,
        dims: Mapping[str, int],
        out_features: int,
        dim: int = 32,
        hidden: int = 64,
        dropout: float = 0.25,
        alignment: float = 0.1,
        domain: float = 0.02,
    ) -> None:
        super().__init__()
        self.names = sorted_names(dims)
        self.alignment = alignment
        self.domain = domain
        self.project = nn.ModuleDict({m: nn.Linear(dims[m], dim) for m in self.names})
        self.shared = perceptron(dim, hidden, dim, dropout)
        self.specific = nn.ModuleDict(
            {m: perceptron(dims[m], hidden, dim, dropout) for m in self.names}
        )
        self.norm = nn.LayerNorm(dim, elementwise_affine=False)
        self.residual = nn.Linear(2 * dim, dim)
        self.nobody = nn.Parameter(torch.randn(dim) * 0.02)
        self.which = nn.Linear(dim, len(self.names))
        self.mlp = perceptron(len(self.names) * dim, hidden, out_features, dropout)

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Fuse."""
        shared, specific, present = self.features(tokens)
        composed = shared + self.residual(torch.cat([shared, specific], dim=2))
        somebody = present.any(dim=1, keepdim=True)
        common = torch.where(somebody, masked_mean(shared, present), self.nobody)
        row = torch.where(present[:, :, None], composed, common[:, None])
        penalties = {
            "shared_alignment": self.alignment * disagreement(shared, present),
            "specific_domain": self.domain * self._confusion(specific, present),
        }
        return Fused(self.mlp(row.flatten(1)), penalties=penalties)

    def features(
        self, tokens: Mapping[str, Tokens]
    ) -> tuple[Float[Tensor, "batch m dim"], Float[Tensor, "batch m dim"], Bool[Tensor, "batch m"]]:
        """Shared and specific features, and who has which modality."""
        named = list(zip(self.names, in_order(tokens, self.names), strict=True))
        shared = [
            self.norm(masked_mean(self.shared(self.project[m](t.filled)), t.mask)) for m, t in named
        ]
        specific = [masked_mean(self.specific[m](t.filled), t.mask) for m, t in named]
        present = torch.stack([t.present for _, t in named], dim=1)
        return torch.stack(shared, dim=1), torch.stack(specific, dim=1), present

    def _confusion(
        self, specific: Float[Tensor, "batch m dim"], present: Bool[Tensor, "batch m"]
    ) -> Float[Tensor, ""]:
        """Cross-entropy of the modality, mean over all that are there; 0 where nothing is."""
        index = torch.arange(len(self.names), device=present.device).expand_as(present)
        total = cross_entropy(self.which(specific[present]), index[present], reduction="sum")
        return total / present.sum().clamp(min=1)


def disagreement(
    features: Float[Tensor, "batch m dim"], present: Bool[Tensor, "batch m"]
) -> Float[Tensor, ""]:
    """Mean absolute difference over all pairs of modalities of one patient; 0 without a pair.

    Example:
        >>> features = torch.tensor([[[1.0], [4.0]], [[0.0], [9.0]]])
        >>> disagreement(features, torch.tensor([[True, True], [True, False]])).item()
        3.0
    """
    a, b = torch.triu_indices(present.shape[1], present.shape[1], offset=1, device=present.device)
    both = present[:, a] & present[:, b]
    return (features[:, a] - features[:, b])[both].abs().sum() / (
        both.sum().clamp(min=1) * features.shape[2]
    )
