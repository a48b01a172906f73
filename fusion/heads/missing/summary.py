"""What fills read of a batch: a mean token for each modality, and who has it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from fusion.errors import TrainingError
from fusion.heads.modalities import in_order
from fusion.types import Tokens


@dataclass(frozen=True)
class Summary:
    """Mean tokens end to end, in the order of the sorted names; zeros where absent."""

    means: Float[Tensor, "patients width"]
    present: Bool[Tensor, "patients modalities"]

    @property
    def anything(self) -> Bool[Tensor, " patients"]:
        """Who has any modality."""
        return self.present.any(dim=1)


def summarise(tokens: Mapping[str, Tokens], names: tuple[str, ...]) -> Summary:
    """The summary of a batch, in single precision at least.

    Raises:
        ConfigError: where the modalities are not those of `names`.

    Example:
        >>> one = Tokens(torch.ones(1, 2, 3), torch.tensor([[True, True]]))
        >>> none = Tokens(torch.ones(1, 1, 2), torch.tensor([[False]]))
        >>> found = summarise({"rna": none, "mri": one}, ("mri", "rna"))
        >>> found.means.tolist(), found.present.tolist()
        ([[1.0, 1.0, 1.0, 0.0, 0.0]], [[True, False]])
    """
    ordered = in_order(tokens, names)
    means = torch.cat([t.mean() for t in ordered], dim=1)
    means = means.to(torch.promote_types(means.dtype, torch.float32))
    return Summary(means, torch.stack([t.present for t in ordered], dim=1))


def gather(batches: Iterable[Mapping[str, Tokens]], names: tuple[str, ...]) -> Summary:
    """The summary of all batches, without a gradient.

    Raises:
        TrainingError: where there is no patient.
    """
    with torch.no_grad():
        found = [summarise(tokens, names) for tokens in batches]
        if not found:
            raise TrainingError(
                "no training patient to fit what stands for a missing modality on; choose "
                "missing=masked, or give the training part patients"
            )
        return Summary(torch.cat([s.means for s in found]), torch.cat([s.present for s in found]))


def columns(dims: Mapping[str, int]) -> dict[str, slice]:
    """Where each modality stands in `Summary.means`.

    Example:
        >>> columns({"rna": 2, "mri": 3})
        {'mri': slice(0, 3, None), 'rna': slice(3, 5, None)}
    """
    found, start = {}, 0
    for name in sorted(dims):
        found[name] = slice(start, start + dims[name])
        start += dims[name]
    return found


def mean_by_modality(seen: Summary, dims: Mapping[str, int]) -> Float[Tensor, " width"]:
    """Mean token of each modality over those who have it; NaN where nobody has.

    Example:
        >>> who = torch.tensor([[True, False], [True, False]])
        >>> seen = Summary(torch.tensor([[1.0, 0.0], [3.0, 0.0]]), who)
        >>> mean_by_modality(seen, {"mri": 1, "rna": 1})
        tensor([2., nan])
    """
    count = seen.present.sum(dim=0)
    widths = torch.tensor([dims[m] for m in sorted(dims)], device=count.device)
    return seen.means.sum(dim=0) / count.repeat_interleave(widths)
