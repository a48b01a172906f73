"""Each modality is also decoded from the others, and the translation stands in where it lacks."""

from collections.abc import Mapping

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from fusion.errors import ConfigError
from fusion.heads.base import Fused, FusionHead
from fusion.heads.class_token import ClassToken
from fusion.heads.modalities import in_order, sorted_names
from fusion.heads.perceptron import perceptron
from fusion.types import Tokens


class TranslationFusion(FusionHead):
    """`MLP([r_1; ...; r_M])`, `r_m` the mean of `P_m = Enc_m(X_m)` and `T_m = Dec_m(all others)`.

    A class token reads the projected tokens of `m`: that is `P_m`. A second one, of `m` too,
    reads the tokens and the `P_k` of all other modalities at once: that is `T_m`, the
    translation. Where only one of the two is there, `r_m` is that one, so a translation stands
    in for what a patient lacks. Somebody with no modality gets learned vectors.

    `Fused.penalties["translation"]` is `similarity` times the mean absolute difference of `T_m`
    and `P_m` over the patients who have `m` and another modality, summed over modalities. `P_m`
    is only the target: it is not drawn towards what can be translated.

    In training a modality that is dropped out is translated, and the outcome teaches how.

    Cost: linear in tokens; each token is read once by its encoder and once by each other
    modality's decoder.

    Args:
        dims: width of a token, by modality.
        out_features: numbers that the tasks need.
        dim: common width of a token; a multiple of `heads`.
        heads: of attention.
        hidden: width of the MLP.
        dropout: probability, in [0, 1).
        similarity: factor of the penalty.

    Raises:
        ConfigError: for fewer than two modalities, or where the heads do not divide `dim`.

    Source: Zhou and Chen 2023 (CMTA). There the tokens of `m` themselves ask the other modality,
    so nothing could be translated without them; here a learned token asks.
    """

    def __init__(
        self,
        *,
        dims: Mapping[str, int],
        out_features: int,
        dim: int = 32,
        heads: int = 4,
        hidden: int = 64,
        dropout: float = 0.25,
        similarity: float = 1.0,
    ) -> None:
        super().__init__()
        self.names = sorted_names(dims)
        if len(self.names) < 2:
            raise ConfigError(
                f"head translation: {self.names[0]} is the only modality; expected at least two, "
                "one to translate from; choose head=single"
            )
        self.similarity = similarity
        self.project = nn.ModuleDict({m: nn.Linear(dims[m], dim) for m in self.names})
        self.encoders, self.decoders = (
            nn.ModuleDict(
                {m: ClassToken(dim=dim, heads=heads, dropout=dropout) for m in self.names}
            )
            for _ in range(2)
        )
        self.absent = nn.Parameter(torch.randn(len(self.names), dim) * 0.02)
        self.mlp = perceptron(len(self.names) * dim, hidden, out_features, dropout)

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Fuse."""
        own, translated = self.translate(tokens)
        present = torch.stack([tokens[m].present for m in self.names], dim=1)
        others = present.sum(dim=1, keepdim=True) > present.int()
        known = torch.stack([present, others], dim=2)
        both = torch.stack([own, translated], dim=2).masked_fill(~known[..., None], 0.0)
        read = both.sum(dim=2) / known.sum(dim=2, keepdim=True).clamp(min=1)
        row = torch.where(known.any(dim=2, keepdim=True), read, self.absent)
        gap = (translated - own.detach()).abs().mean(dim=2)
        penalty = self.similarity * mean_by_modality(gap, known.all(dim=2)).sum()
        return Fused(self.mlp(row.flatten(1)), penalties={"translation": penalty})

    def translate(
        self, tokens: Mapping[str, Tokens]
    ) -> tuple[Float[Tensor, "batch m dim"], Float[Tensor, "batch m dim"]]:
        """`P_m` and `T_m` of each modality, in order of names; a constant where nothing is read."""
        ordered = in_order(tokens, self.names)
        read = [self.project[m](t.filled) for m, t in zip(self.names, ordered, strict=True)]
        own = [
            self.encoders[m](x, t.mask)[0]
            for m, x, t in zip(self.names, read, ordered, strict=True)
        ]
        # each modality as others see it: what its class token read, then its tokens
        seen = [torch.cat([p[:, None], x], dim=1) for p, x in zip(own, read, strict=True)]
        real = [torch.cat([t.present[:, None], t.mask], dim=1) for t in ordered]
        translated = [
            self.decoders[m](
                torch.cat(seen[:i] + seen[i + 1 :], dim=1),
                torch.cat(real[:i] + real[i + 1 :], dim=1),
            )[0]
            for i, m in enumerate(self.names)
        ]
        return torch.stack(own, dim=1), torch.stack(translated, dim=1)


def mean_by_modality(
    values: Float[Tensor, "batch m"], counted: Bool[Tensor, "batch m"]
) -> Float[Tensor, " m"]:
    """Mean over the patients who count; 0 where nobody does.

    Example:
        >>> values = torch.tensor([[1.0, 5.0], [3.0, 7.0]])
        >>> mean_by_modality(values, torch.tensor([[True, False], [True, False]])).tolist()
        [2.0, 0.0]
    """
    total = values.masked_fill(~counted, 0.0).sum(dim=0)
    return total / counted.sum(dim=0).clamp(min=1)
