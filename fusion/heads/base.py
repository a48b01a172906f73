"""The contract of every fusion head, and what it returns."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

from jaxtyping import Float
from torch import Tensor, nn

from fusion.types import Tokens


@dataclass(frozen=True)
class Fused:
    """What a head makes of a batch."""

    outputs: Float[Tensor, "batch out"]
    """Raw numbers that the tasks interpret; a head knows no task."""
    penalties: Mapping[str, Tensor] = field(default_factory=dict)
    """Scalars that training adds to the loss, by name."""
    attention: Mapping[str, Tensor] = field(default_factory=dict)
    """Modality -> [batch] share (or [batch, tokens]) that it had in the result; 0 where absent."""


class FusionHead(nn.Module, ABC):
    """{modality: Tokens} -> Fused, with any subset of modalities missing for any patient.

    Laws (`fusion.testing.contracts`): masked values never matter, be they junk or NaN; the order
    of modalities and of tokens never matters; patients are independent; every present modality
    matters and no absent one does.
    """

    @abstractmethod
    def forward(self, tokens: Mapping[str, Tokens]) -> Fused:
        """Fuse. Every modality that the head was built for is a key, absent patients masked."""
