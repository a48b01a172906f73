"""The values that travel through the framework: identifiers, units and tensors with a mask.

Shapes are written in the types and checked while the tests run (jaxtyping with beartype).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NewType

import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

PatientId = NewType("PatientId", str)
"""Who. The unit of splitting, bootstrapping and reporting."""

Center = NewType("Center", str)
"""The hospital that a patient comes from, not a site code of it."""

Modality = NewType("Modality", str)
"""A name from the run's configuration, such as `mri`, `wsi` or `rna`. The code knows none."""

Mpp = NewType("Mpp", float)
"""Microns per pixel of a slide."""


@dataclass(frozen=True)
class Bags:
    """Ragged inputs end to end: the rows of patient i are `features[offsets[i]:offsets[i + 1]]`.

    Raises:
        ValueError: where the offsets do not describe the rows, or a bag is empty.

    Example:
        >>> bags = Bags(torch.zeros(5, 3), torch.tensor([0, 2, 5]))
        >>> len(bags), bags.lengths.tolist(), bags.owner.tolist()
        (2, [2, 3], [0, 0, 1, 1, 1])
    """

    features: Float[Tensor, "total dim"]
    offsets: Int[Tensor, " boundaries"]
    """One more than there are bags, from 0 to the number of rows."""
    parts: Int[Tensor, "total 2"] | None = None
    """Of each row: the number of its slide and of its sampled region, within its patient."""
    labels: Int[Tensor, " total"] | None = None
    """Of each row: the class of its region, where regions have labels; -1 is not known."""

    def __post_init__(self) -> None:
        if self.offsets.ndim != 1 or len(self.offsets) < 1:
            raise ValueError("Bags need offsets of shape [batch + 1]")
        if int(self.offsets[0]) != 0 or int(self.offsets[-1]) != len(self.features):
            raise ValueError(
                f"offsets run from {int(self.offsets[0])} to {int(self.offsets[-1])}, "
                f"expected 0 to {len(self.features)}, the number of rows"
            )
        if bool((self.offsets.diff() <= 0).any()):
            raise ValueError("a bag is empty: leave a patient without tiles out of the batch")

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Int[Tensor, " batch"]:
        """Rows of each bag."""
        return self.offsets.diff()

    @property
    def owner(self) -> Int[Tensor, " total"]:
        """Which bag each row belongs to."""
        index = torch.arange(len(self), device=self.offsets.device)
        return torch.repeat_interleave(index, self.lengths)

    def to(self, device: torch.device | str, non_blocking: bool = False) -> "Bags":
        """Move all tensors."""
        return Bags(
            self.features.to(device, non_blocking=non_blocking),
            self.offsets.to(device, non_blocking=non_blocking),
            None if self.parts is None else self.parts.to(device, non_blocking=non_blocking),
            None if self.labels is None else self.labels.to(device, non_blocking=non_blocking),
        )


@dataclass(frozen=True)
class Volumes:
    """3-D images whose channels (MRI sequences, CT phases) may be absent one by one.

    What stands in an absent channel is never looked at.

    Raises:
        ValueError: where a volume has no channel at all.
    """

    image: Float[Tensor, "batch channels x y z"]
    channels: Bool[Tensor, "batch channels"]
    regions: UInt8[Tensor, "batch x y z"] | None = None
    """What somebody outlined: bit r of a voxel is set where it lies in region r."""
    known: Bool[Tensor, "batch regions"] | None = None
    """Which regions somebody outlined; beside `regions` only. A patient may have none."""

    def __post_init__(self) -> None:
        if not bool(self.channels.any(dim=1).all()):
            raise ValueError("a volume without any channel: leave that patient out of the batch")

    def __len__(self) -> int:
        return len(self.image)

    def to(self, device: torch.device | str, non_blocking: bool = False) -> "Volumes":
        """Move all tensors."""

        def move(part: Tensor | None) -> Tensor | None:
            return None if part is None else part.to(device, non_blocking=non_blocking)

        return Volumes(
            self.image.to(device, non_blocking=non_blocking),
            self.channels.to(device, non_blocking=non_blocking),
            move(self.regions),
            move(self.known),
        )


Input = Volumes | Bags | Tensor
"""What one modality gives an encoder; a plain tensor is a matrix of vectors, [batch, columns]."""


@dataclass(frozen=True)
class Tokens:
    """The output of every encoder, and a missing modality: a row whose mask is all False.

    Example:
        >>> tokens = Tokens(torch.ones(2, 3, 4), torch.tensor([[1, 1, 0], [0, 0, 0]]).bool())
        >>> tokens.present.tolist()
        [True, False]
        >>> tokens.mean()[1].tolist()
        [0.0, 0.0, 0.0, 0.0]
    """

    features: Float[Tensor, "batch tokens dim"]
    mask: Bool[Tensor, "batch tokens"]
    penalties: Mapping[str, Tensor] = field(default_factory=dict)
    """Scalars that the encoder asks training to add to the loss, by name; none in evaluation."""

    def __len__(self) -> int:
        return len(self.features)

    @property
    def present(self) -> Bool[Tensor, " batch"]:
        """Which patients have the modality."""
        return self.mask.any(dim=1)

    @property
    def filled(self) -> Float[Tensor, "batch tokens dim"]:
        """Features with zeros where masked, so that junk and NaN cannot pass through 0 x NaN."""
        return self.features.masked_fill(~self.mask.unsqueeze(-1), 0.0)

    def mean(self) -> Float[Tensor, "batch dim"]:
        """Mean over real tokens; zeros for a patient who has none."""
        count = self.mask.sum(dim=1, keepdim=True).clamp(min=1)
        return self.filled.sum(dim=1) / count

    def scatter(self, present: Bool[Tensor, " batch"]) -> "Tokens":
        """Spread rows that were packed over the present patients to the whole batch.

        Raises:
            ValueError: where the rows are not as many as the patients present.
        """
        if len(self) != int(present.sum()):
            raise ValueError(f"{len(self)} rows for {int(present.sum())} patients present")
        shape = (len(present), *self.features.shape[1:])
        features = self.features.new_zeros(shape).masked_scatter(
            present[:, None, None].expand(shape), self.features
        )
        mask = self.mask.new_zeros(shape[:2]).masked_scatter(
            present[:, None].expand(shape[:2]), self.mask
        )
        return Tokens(features, mask, self.penalties)
