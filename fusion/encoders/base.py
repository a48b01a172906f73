"""The contract of every encoder."""

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from fusion.types import Bags, Tokens, Volumes

X = TypeVar("X", Volumes, Bags, Tensor)


class Encoder(nn.Module, ABC, Generic[X]):
    """One modality -> Tokens. Wraps a backbone, never inherits from it.

    Laws (`fusion.testing.contracts`): what is masked or padded never matters, a patient alone
    gives the row it gives in a batch, the output is finite, and every real input matters.
    """

    dim: int
    """Width of a token."""

    @abstractmethod
    def forward(self, x: X) -> Tokens:
        """Encode the packed patients who have the modality: one row of tokens for each."""


def one_token(features: Float[Tensor, "batch dim"]) -> Tokens:
    """A token for each patient.

    Example:
        >>> one_token(torch.zeros(2, 3)).mask.tolist()
        [[True], [True]]
    """
    mask = torch.ones(len(features), 1, dtype=torch.bool, device=features.device)
    return Tokens(features.unsqueeze(1), mask)
