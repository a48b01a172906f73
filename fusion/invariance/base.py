"""The contract of every penalty on what tokens tell of the centre."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from fusion.errors import TrainingError
from fusion.types import Center, Tokens


class Invariance(nn.Module, ABC):
    """Tokens of a batch and where its patients come from -> penalties, in training only.

    It acts on the mean token of each modality, over the patients who have it, before any modality
    is hidden; the modalities' penalties are averaged. What it learns stays out of the bundle.

    Laws (`tests/invariance`): exactly 0, with a gradient of zeros, where no modality has two
    centres to compare; masked tokens and absent patients never matter; no random number is drawn.

    Args:
        centers: of the training patients.
        least: patients with a modality that a centre must have to be compared.
    """

    def __init__(self, *, centers: Sequence[Center], least: int) -> None:
        super().__init__()
        self.places = {center: place for place, center in enumerate(sorted(set(centers)))}
        self.least = least

    @abstractmethod
    def forward(
        self, tokens: Mapping[str, Tokens], centers: Sequence[Center], progress: float
    ) -> Mapping[str, Tensor]:
        """Penalties by name, each a scalar.

        Args:
            tokens: of every modality, absent patients masked.
            centers: of the batch's patients, in its order.
            progress: how much of training is over, 0 to 1.

        Raises:
            TrainingError: for a centre that no training patient was announced from.
        """

    def compared(
        self, tokens: Mapping[str, Tokens], centers: Sequence[Center]
    ) -> Iterator[tuple[str, Float[Tensor, "have dim"], Int[Tensor, " have"]]]:
        """Name, mean tokens and centres of each modality that has two centres to compare."""
        for name, found in sorted(tokens.items()):
            present = found.present
            center = self._numbers(centers, present.device)[present]
            if comparable(center.tolist(), self.least):
                yield name, found.mean()[present], center

    def mean(self, found: Sequence[Tensor], tokens: Mapping[str, Tokens]) -> Float[Tensor, ""]:
        """Mean over the modalities; without one, a zero that has a gradient."""
        if found:
            return torch.stack(list(found)).mean()
        return torch.stack([t.filled.float().sum() for t in tokens.values()]).sum() * 0.0

    def _numbers(self, centers: Sequence[Center], device: torch.device) -> Int[Tensor, " batch"]:
        unknown = sorted(set(centers) - self.places.keys())
        if unknown:
            raise TrainingError(
                f"a training batch has patients of {', '.join(unknown)}, expected "
                f"{', '.join(self.places)}: only centres of training patients may be there"
            )
        return torch.tensor([self.places[c] for c in centers], device=device)


def comparable(centers: Sequence[object], least: int) -> bool:
    """Whether two centres have enough patients.

    Example:
        >>> comparable(["A", "A", "B", "B"], 2), comparable(["A", "A", "B"], 2)
        (True, False)
    """
    return sum(list(centers).count(c) >= least for c in set(centers)) >= 2
