"""The tokens of each patient in small parts that are alike."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from fusion.content_order import content_key
from fusion.types import Tokens


@dataclass(frozen=True)
class MicroBatches:
    """Where each real token of a batch goes: real tokens in order of patient, then of position."""

    patient: Int[Tensor, " real"]
    position: Int[Tensor, " real"]
    """Among the patient's tokens."""
    part: Int[Tensor, " real"]
    """Micro-batch, counted over all patients."""
    place: Int[Tensor, " real"]
    """Within the micro-batch."""
    owner: Int[Tensor, " parts"]
    """The patient of each micro-batch."""


def micro_batches(tokens: Tokens, size: int) -> MicroBatches:
    """Deal each patient's tokens, in the order of their content, to as few parts as hold `size`.

    Like cards, one to each part in turn: every part is a sample of all that the patient has, where
    a stretch of the order would have one kind alone. The order in which tokens are stored, and
    padding, change nothing; parts of a patient differ by one token at most.

    Example:
        >>> rows = torch.tensor([[[3.0], [1.0], [2.0]]])
        >>> parts = micro_batches(Tokens(rows, torch.ones(1, 3) > 0), size=2)
        >>> parts.part.tolist(), parts.place.tolist()
        ([0, 0, 1], [1, 0, 0])
    """
    patient, position = tokens.mask.nonzero(as_tuple=True)
    order = content_key(tokens.features.detach()[patient, position]).argsort(stable=True)
    order = order[patient[order].argsort(stable=True)]
    count = tokens.mask.sum(dim=1)
    rank = torch.empty_like(order)
    rank[order] = torch.arange(len(order), device=order.device)
    rank = rank - (count.cumsum(0) - count)[patient]
    parts = -(-count // size)
    index = torch.arange(len(count), device=order.device)
    return MicroBatches(
        patient=patient,
        position=position,
        part=(parts.cumsum(0) - parts)[patient] + rank % parts[patient],
        place=rank // parts[patient],
        owner=index.repeat_interleave(parts),
    )


def dealt(
    values: Float[Tensor, "real dim"], parts: MicroBatches
) -> tuple[Float[Tensor, "parts places dim"], Tensor]:
    """Rows of values where their micro-batches have them, zeros elsewhere; and which are real.

    Example:
        >>> rows = torch.tensor([[[3.0], [1.0], [2.0]]])
        >>> parts = micro_batches(Tokens(rows, torch.ones(1, 3) > 0), size=2)
        >>> dealt(rows[0], parts)[0][:, :, 0].tolist()
        [[1.0, 3.0], [2.0, 0.0]]
    """
    places = int(parts.place.max()) + 1
    dealt = values.new_zeros(len(parts.owner), places, values.shape[1])
    dealt[parts.part, parts.place] = values
    real = torch.zeros(dealt.shape[:2], dtype=torch.bool, device=values.device)
    real[parts.part, parts.place] = True
    return dealt, real
