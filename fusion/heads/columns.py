"""What neighbouring outputs say together, for heads that average predictions and not tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from fusion.errors import ConfigError

Kind = Literal["plain", "classes", "steps", "hazards"]
"""`plain`: a number each, such as a log-hazard. `classes`: logits of a softmax. `steps`: logits of
going on from one class to the next. `hazards`: logits of the event within one interval each."""

LEAST = 1e-6
"""Hazard of an interval in which a model that saw nobody there expects no event."""


@dataclass(frozen=True)
class Columns:
    """Neighbouring outputs that belong together.

    Example:
        >>> Columns("steps", 2).width
        2
    """

    kind: Kind
    width: int


def places(columns: Sequence[Columns], out_features: int) -> list[tuple[Kind, slice]]:
    """Kind and place of each group of columns.

    Raises:
        ConfigError: where the groups are not as wide as the outputs.

    Example:
        >>> places([Columns("classes", 3), Columns("plain", 1)], 4)
        [('classes', slice(0, 3, None)), ('plain', slice(3, 4, None))]
    """
    found, start = [], 0
    for group in columns:
        found.append((group.kind, slice(start, start + group.width)))
        start += group.width
    if start != out_features:
        raise ConfigError(
            f"the columns describe {start} outputs, the head has {out_features}; describe each once"
        )
    return found


def log_shares(outputs: Float[Tensor, "*rows width"], kind: Kind) -> Float[Tensor, "*rows shares"]:
    """Logarithm of the probability of each class, or of the event in each interval and after all.

    Raises:
        ValueError: for plain columns, which are no probabilities.

    Example:
        >>> log_shares(torch.zeros(2), "steps").exp().tolist()
        [0.5, 0.25, 0.25]
    """
    if kind == "plain":
        raise ValueError("plain columns are numbers of their own, without probabilities")
    if kind == "classes":
        return outputs.log_softmax(dim=-1)
    going_on = outputs if kind == "steps" else -outputs
    reached = functional.pad(functional.logsigmoid(going_on).cumsum(dim=-1), (1, 0))
    return reached + functional.pad(functional.logsigmoid(-going_on), (0, 1))


def from_log_shares(
    shares: Float[Tensor, "*rows shares"], kind: Kind
) -> Float[Tensor, "*rows width"]:
    """The outputs that mean these probabilities: `log_shares` the other way round.

    Example:
        >>> from_log_shares(torch.tensor([0.5, 0.25, 0.25]).log(), "steps").tolist()
        [0.0, 0.0]
    """
    if kind == "classes":
        return shares
    beyond = shares.flip(-1).logcumsumexp(dim=-1).flip(-1)[..., 1:]
    going_on = beyond - shares[..., :-1]
    return going_on if kind == "steps" else -going_on


def overlap(
    edges: Float[Tensor, " edges"], others: Float[Tensor, " others"]
) -> Float[Tensor, "intervals other_intervals"]:
    """Which share of each interval lies within each of the other intervals.

    Args:
        edges: days, ascending from 0.
        others: likewise; a part of an interval that lies beyond all of them belongs to none.

    Example:
        >>> overlap(torch.tensor([0.0, 2.0, 4.0]), torch.tensor([0.0, 3.0, 4.0])).tolist()
        [[1.0, 0.0], [0.5, 0.5]]
    """
    low = torch.maximum(edges[:-1, None], others[None, :-1])
    high = torch.minimum(edges[1:, None], others[None, 1:])
    return (high - low).clamp(min=0.0) / edges.diff()[:, None]


def other_intervals(
    hazards: Float[Tensor, "*rows width"], shared: Float[Tensor, "width width"]
) -> Float[Tensor, "*rows width"]:
    """Logits of hazards in other intervals, the hazard being constant within each (`overlap`).

    Survival at the edges that both have is the same; beyond the last edge of the model nothing
    happens any more, as in its own predictions.
    """
    total = (functional.softplus(hazards) @ shared).clamp(min=LEAST)
    return total + torch.log(-torch.expm1(-total))


def in_intervals(
    outputs: Float[Tensor, "*rows out"],
    groups: Sequence[tuple[Kind, slice]],
    shared: Float[Tensor, "out out"],
) -> Float[Tensor, "*rows out"]:
    """All outputs of a model, hazards in other intervals (`other_intervals`), the rest as is."""
    parts = [
        other_intervals(outputs[..., at], shared[at, at]) if kind == "hazards" else outputs[..., at]
        for kind, at in groups
    ]
    return torch.cat(parts, dim=-1)
