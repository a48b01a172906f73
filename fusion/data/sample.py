"""One patient, and several: absence is a missing key, then a packed batch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from fusion.types import Bags, Center, Input, Modality, PatientId, Volumes


@dataclass(frozen=True)
class Sample:
    """One patient. An absent modality and an unknown target are absent keys.

    An input is a `Volumes` or `Bags` of one patient, or a vector of shape [1, columns].
    A target is a vector: [class] for classification, [time_days, event] for survival.
    """

    patient_id: PatientId
    center: Center
    inputs: Mapping[Modality, Input]
    targets: Mapping[str, Float[Tensor, " k"]]


@dataclass(frozen=True)
class Labels:
    """The known labels of one task, packed, and whose they are."""

    values: Float[Tensor, "known k"]
    known: Bool[Tensor, " batch"]

    def to(self, device: torch.device | str, non_blocking: bool = False) -> "Labels":
        """Move both tensors."""
        return Labels(
            self.values.to(device, non_blocking=non_blocking),
            self.known.to(device, non_blocking=non_blocking),
        )


@dataclass(frozen=True)
class Batch:
    """Several patients. `inputs[m]` has rows only for the patients with `present[m]`.

    A modality that nobody in the batch has, and a task that nobody has a label for, are
    absent keys.

    Raises:
        ValueError: where the rows of an input are not as many as the patients who have it.
    """

    patient_ids: tuple[PatientId, ...]
    centers: tuple[Center, ...]
    inputs: Mapping[Modality, Input]
    present: Mapping[Modality, Bool[Tensor, " batch"]]
    targets: Mapping[str, Labels]

    def __post_init__(self) -> None:
        for name, value in self.inputs.items():
            rows, patients = len(value), int(self.present[name].sum())
            if rows != patients:
                raise ValueError(f"{name}: {rows} rows for {patients} patients who have it")

    def __len__(self) -> int:
        return len(self.patient_ids)

    def to(self, device: torch.device | str, non_blocking: bool = False) -> "Batch":
        """Move everything that is a tensor."""
        return Batch(
            self.patient_ids,
            self.centers,
            {k: v.to(device, non_blocking=non_blocking) for k, v in self.inputs.items()},
            {k: v.to(device, non_blocking=non_blocking) for k, v in self.present.items()},
            {k: v.to(device, non_blocking=non_blocking) for k, v in self.targets.items()},
        )


Empty = Callable[[Sequence[int], torch.dtype], Tensor]
"""Shape, and the type of number that all images share -> memory that they are copied into."""


def single(shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    """Fresh memory, in single precision whatever is asked for: what a network takes."""
    return torch.empty(tuple(shape), dtype=torch.float32)


def stack(inputs: Sequence[Input], empty: Empty = single) -> Input:
    """Pack the inputs of several patients, all of one kind.

    Args:
        inputs: of one modality.
        empty: where volumes are put.

    Raises:
        TypeError: where kinds are mixed.
    """
    first = inputs[0]
    if isinstance(first, Bags) and all(isinstance(x, Bags) for x in inputs):
        lengths = torch.cat([x.lengths for x in inputs])  # type: ignore[union-attr]
        offsets = torch.cat([lengths.new_zeros(1), lengths.cumsum(0)])
        return Bags(
            torch.cat([x.features for x in inputs]),  # type: ignore[union-attr]
            offsets,
            _all_or_none([x.parts for x in inputs]),  # type: ignore[union-attr]
            _all_or_none([x.labels for x in inputs]),  # type: ignore[union-attr]
        )
    if isinstance(first, Volumes) and all(isinstance(x, Volumes) for x in inputs):
        return _stack_volumes([x for x in inputs if isinstance(x, Volumes)], empty)
    if isinstance(first, Tensor) and all(isinstance(x, Tensor) for x in inputs):
        return torch.cat(list(inputs))  # type: ignore[arg-type]
    raise TypeError(
        f"one modality gave several kinds: {sorted({type(x).__name__ for x in inputs})}"
    )


def _all_or_none(parts: Sequence[Tensor | None]) -> Tensor | None:
    known = [part for part in parts if part is not None]
    return torch.cat(known) if len(known) == len(parts) else None


def _stack_volumes(inputs: Sequence[Volumes], empty: Empty) -> Volumes:
    """Each is copied once, from the disk's cache into the batch, whatever its type of number."""
    kinds = {x.image.dtype for x in inputs}
    shape = (sum(len(x) for x in inputs), *inputs[0].image.shape[1:])
    whole = empty(shape, kinds.pop() if len(kinds) == 1 else torch.float32)
    row = 0
    for x in inputs:
        whole[row : row + len(x)].copy_(x.image)
        row += len(x)
    channels = torch.cat([x.channels for x in inputs])
    marked = [x for x in inputs if x.regions is not None and x.known is not None]
    if not marked:
        return Volumes(whole, channels)
    regions = torch.zeros(len(whole), *whole.shape[2:], dtype=torch.uint8)
    known = torch.zeros(len(whole), marked[0].known.shape[1], dtype=torch.bool)  # type: ignore[union-attr]
    row = 0
    for x in inputs:  # of a volume without outlines nothing is known, and the others keep theirs
        if x.regions is not None and x.known is not None:
            regions[row : row + len(x)], known[row : row + len(x)] = x.regions, x.known
        row += len(x)
    return Volumes(whole, channels, regions, known)


def collate(samples: Sequence[Sample], empty: Empty = single) -> Batch:
    """Samples -> Batch. Modalities and tasks are taken in sorted order, never in dict order."""
    inputs, present, targets = {}, {}, {}
    for name in sorted({m for s in samples for m in s.inputs}):
        present[name] = torch.tensor([name in s.inputs for s in samples])
        inputs[name] = stack([s.inputs[name] for s in samples if name in s.inputs], empty)
    for task in sorted({t for s in samples for t in s.targets}):
        known = torch.tensor([task in s.targets for s in samples])
        targets[task] = Labels(
            torch.stack([s.targets[task] for s in samples if task in s.targets]), known
        )
    return Batch(
        tuple(s.patient_id for s in samples),
        tuple(s.center for s in samples),
        inputs,
        present,
        targets,
    )
