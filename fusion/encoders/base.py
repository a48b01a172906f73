"""The contract of every encoder."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

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

    losses: tuple[str, ...] = ()
    """Which of its penalties are losses that it is held against, in evaluation as well."""

    @abstractmethod
    def forward(self, x: X) -> Tokens:
        """Encode the packed patients who have the modality: one row of tokens for each.

        In training the tokens may carry penalties, which the model names after the modality.
        """


@runtime_checkable
class Fitted(Protocol):
    """An encoder of which a part is fitted before training, in buffers of fixed shape."""

    def fit(self, inputs: Iterable[Any], *, seed: int) -> None:
        """Fit it on the inputs of training patients, one after the other."""
        ...


def one_token(features: Float[Tensor, "batch dim"]) -> Tokens:
    """A token for each patient.

    Example:
        >>> one_token(torch.zeros(2, 3)).mask.tolist()
        [[True], [True]]
    """
    mask = torch.ones(len(features), 1, dtype=torch.bool, device=features.device)
    return Tokens(features.unsqueeze(1), mask)
