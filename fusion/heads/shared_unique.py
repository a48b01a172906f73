"""What modalities share and what each has alone, taken apart and read by attention."""

from collections.abc import Mapping

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.functional import normalize

from fusion.errors import ConfigError
from fusion.heads.base import Fused, FusionHead
from fusion.heads.class_token import ClassToken
from fusion.heads.discriminator import Discriminator
from fusion.heads.masking import shares
from fusion.heads.modalities import in_order, sorted_names
from fusion.heads.perceptron import perceptron
from fusion.losses.contrastive import contrastive
from fusion.types import Tokens


class SharedUniqueFusion(FusionHead):
    """`attention over [s; u_1; ...; u_M]`, where `s` is attention over the shared `s_1, ..., s_M`.

    Each modality's mean token goes through two networks, whose results have length one: `s_m`
    is what it should share with the others, `u_m` what it alone tells. What is absent is masked
    in both looks. Somebody with no modality gets a learned constant.

    `Fused.penalties`, over the patients of the batch:

    - `shared_alignment` is `alignment` times a contrastive loss: the shared parts of a patient
      attract each other and repel those of others. Somebody with one modality only repels.
    - `unique_separation` is `separation` times how surely a discriminator tells that `u_m` and
      `s_m` are one patient's, summed over modalities; only `u_m` learns from it.
    - `unique_discriminator` is `separation` times the discriminators' own loss; only they learn
      from it. At 2 log 2 a modality they know nothing.

    `Fused.attention` is the class token's last look; what went to `s` is divided as `s` looked.

    Cost: linear in tokens, which are averaged.

    Args:
        dims: width of a token, by modality.
        out_features: numbers that the tasks need.
        dim: width of a part; a multiple of `heads`.
        hidden: width of the networks and of the discriminators.
        heads: of attention.
        dropout: probability, in [0, 1).
        alignment: factor of that penalty.
        temperature: of the contrastive loss.
        separation: factor of the other two.

    Raises:
        ConfigError: where the heads do not divide `dim`, or the temperature is not above 0.

    Source: Robinet et al. 2024 (DRIM), where the two networks are two encoders.
    """

    def __init__(
        self,
        *,
        dims: Mapping[str, int],
        out_features: int,
        dim: int = 32,
        hidden: int = 64,
        heads: int = 4,
        dropout: float = 0.2,
        alignment: float = 1.0,
        temperature: float = 0.07,
        separation: float = 0.8,
    ) -> None:
        super().__init__()
        if not temperature > 0.0:
            raise ConfigError(f"head shared_unique: temperature={temperature}; expected above 0")
        self.names = sorted_names(dims)
        self.alignment = alignment
        self.temperature = temperature
        self.separation = separation
        self.shared = nn.ModuleDict(
            {m: perceptron(dims[m], hidden, dim, dropout) for m in self.names}
        )
        self.unique = nn.ModuleDict(
            {m: perceptron(dims[m], hidden, dim, dropout) for m in self.names}
        )
        self.discriminators = nn.ModuleDict(
            {m: Discriminator(dim=dim, hidden=hidden, dropout=dropout) for m in self.names}
        )
        self.join = ClassToken(dim=dim, heads=heads, dropout=dropout)
        self.read = ClassToken(dim=dim, heads=heads, dropout=dropout)
        self.out = nn.Linear(dim, out_features)

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Fuse."""
        shared, unique, present = self.parts(tokens)
        common, looks = self.join(shared, present)
        # the common part is there for everybody: of nobody's parts it is a constant
        real = torch.cat([present.new_ones(len(present), 1), present], dim=1)
        answer, weights = self.read(torch.cat([common[:, None], unique], dim=1), real)
        split = shares(self.names, list(looks.unbind(dim=1)))
        masses = [weights[:, i] + weights[:, 0] * split[m] for i, m in enumerate(self.names, 1)]
        return Fused(
            self.out(answer),
            penalties=self.penalties(shared, unique, present),
            attention=shares(self.names, masses),
        )

    def parts(
        self, tokens: Mapping[str, Tokens]
    ) -> tuple[Float[Tensor, "batch m dim"], Float[Tensor, "batch m dim"], Bool[Tensor, "batch m"]]:
        """Shared and unique parts, of length one, and who has which modality."""
        named = list(zip(self.names, in_order(tokens, self.names), strict=True))
        shared = torch.stack([self.shared[m](t.mean()) for m, t in named], dim=1)
        unique = torch.stack([self.unique[m](t.mean()) for m, t in named], dim=1)
        present = torch.stack([t.present for _, t in named], dim=1)
        return normalize(shared, dim=2), normalize(unique, dim=2), present

    def penalties(
        self,
        shared: Float[Tensor, "batch m dim"],
        unique: Float[Tensor, "batch m dim"],
        present: Bool[Tensor, "batch m"],
    ) -> dict[str, Tensor]:
        """All three, of who is there."""
        owners = torch.arange(len(present), device=present.device)[:, None].expand_as(present)
        aligned = contrastive(shared[present], owners[present], self.temperature)
        judged = [
            self.discriminators[m](shared[present[:, i], i], unique[present[:, i], i])
            for i, m in enumerate(self.names)
        ]
        return {
            "shared_alignment": self.alignment * aligned,
            "unique_separation": self.separation * torch.stack([a for a, _ in judged]).sum(),
            "unique_discriminator": self.separation * torch.stack([b for _, b in judged]).sum(),
        }
