"""The contract of what stands for an absent modality, and what all of them share."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from fusion.types import Tokens

Filled = tuple[dict[str, Tokens], dict[str, Tensor]]
"""Tokens by modality, and penalties by name."""


class Fill(nn.Module, ABC):
    """{modality: Tokens} -> the same, with something in the place of what is absent.

    What stands in is real to the head behind. It depends on what the same patient has, on weights
    and on buffers, and on no other patient of the batch.
    """

    dims: Mapping[str, int]
    """Width of the tokens that it gives, by modality."""

    @abstractmethod
    def forward(self, tokens: Mapping[str, Tokens]) -> Filled:
        """Fill. Penalties are scalars that training adds to the loss; none in evaluation."""


class FittedFill(Fill):
    """A fill that looks at the training patients, and keeps what it saw in buffers."""

    @abstractmethod
    def fit(self, batches: Iterable[Mapping[str, Tokens]]) -> None:
        """Fit on the tokens of all training patients, encoded in evaluation mode.

        Raises:
            TrainingError: where there is no patient.
        """


def stand_in(
    tokens: Tokens, vectors: Float[Tensor, "batch dim"], who: Bool[Tensor, " batch"]
) -> Tokens:
    """The same tokens, with a row of `vectors` as the one token of those of `who` who have none.

    Example:
        >>> tokens = Tokens(torch.ones(2, 1, 1), torch.tensor([[True], [False]]))
        >>> stand_in(tokens, torch.full((2, 1), 7.0), torch.tensor([True, True])).features.tolist()
        [[[1.0]], [[7.0]]]
    """
    first = torch.zeros_like(tokens.mask)
    first[:, 0] = who & ~tokens.present
    features = torch.where(
        first[:, :, None], vectors.to(tokens.features.dtype)[:, None], tokens.filled
    )
    return Tokens(features, tokens.mask | first, tokens.penalties)
