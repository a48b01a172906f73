"""One modality alone: what fusion has to beat."""

from collections.abc import Mapping

import torch
from torch import nn

from fusion.errors import ConfigError
from fusion.heads.base import Fused, FusionHead
from fusion.heads.modalities import in_order, sorted_names
from fusion.heads.perceptron import perceptron
from fusion.types import Tokens


class SingleModality(FusionHead):
    """Reads one named modality and no other; a patient without it gets a learned constant.

    Args:
        dims: width of a token, by modality; the others are named too, and left alone.
        out_features: numbers that the tasks need.
        modality: the one that is read.
        hidden: width of the MLP.
        dropout: probability, in [0, 1).

    Raises:
        ConfigError: where `modality` is none of `dims`.
    """

    def __init__(
        self,
        *,
        dims: Mapping[str, int],
        out_features: int,
        modality: str,
        hidden: int = 128,
        dropout: float = 0.25,
    ) -> None:
        super().__init__()
        self.names = sorted_names(dims)
        if modality not in dims:
            raise ConfigError(
                f"head single: modality {modality!r} is not configured, "
                f"expected one of {', '.join(self.names)}"
            )
        self.modality = modality
        self.mlp = perceptron(dims[modality], hidden, out_features, dropout)
        self.absent = nn.Parameter(torch.zeros(out_features))

    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Read the one."""
        mine = in_order(tokens, self.names)[self.names.index(self.modality)]
        outputs = torch.where(mine.present[:, None], self.mlp(mine.mean()), self.absent)
        return Fused(outputs)
