"""The contract of every penalty that goes with any head."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fusion.types import Tokens


class Penalty(nn.Module, ABC):
    """Tokens of a batch -> penalties, in training only.

    It acts on the mean token of each modality, before any modality is hidden. What it learns is
    kept in checkpoints and stays out of the bundle.

    Laws (`tests/penalties/test_contract.py`): exactly 0, with a gradient of zeros, where fewer
    than two patients share modalities; masked tokens, absent modalities, the order of patients
    and the order of modalities never matter; no random number is drawn after it is built.
    """

    @abstractmethod
    def forward(self, tokens: Mapping[str, Tokens]) -> Mapping[str, Tensor]:
        """Penalties by name, each a scalar.

        Args:
            tokens: of every modality, absent patients masked.
        """


def nothing(tokens: Mapping[str, Tokens]) -> Float[Tensor, ""]:
    """A zero that has a gradient: several devices expect one from every batch."""
    return torch.stack([t.filled.float().sum() for t in tokens.values()]).sum() * 0.0
