"""Three ways to make one prediction of several models' predictions; any of them may be absent.

Votes are `[patients, modalities, outputs]`. What stands where a modality is absent never matters.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from fusion.heads.columns import Columns, Kind, from_log_shares, log_shares, places
from fusion.heads.masking import masked_mean

KNOTS = 1000
"""Order statistics that stand for a model's predictions of the training patients."""

Votes = Float[Tensor, "batch modalities out"]
There = Bool[Tensor, "batch modalities"]


class WeightedMean(nn.Module):
    """The mean of probabilities, or of plain numbers less their training mean.

    Weights are those of the present modalities, scaled to sum to one. A patient with none gets
    `prior`. Until they are set, all weights are equal.
    """

    weights: Float[Tensor, "modalities out"]
    center: Float[Tensor, "modalities out"]
    prior: Float[Tensor, " out"]

    def __init__(self, *, modalities: int, columns: Sequence[Columns]) -> None:
        super().__init__()
        out = sum(group.width for group in columns)
        self.places = places(columns, out)
        self.register_buffer("weights", torch.ones(modalities, out))
        self.register_buffer("center", torch.zeros(modalities, out))
        self.register_buffer("prior", torch.zeros(out))

    def forward(self, votes: Votes, there: There) -> Float[Tensor, "batch out"]:
        """Pool."""
        pooled = [
            weighted_mean(
                votes[..., at], there, self.weights[:, at.start], self.center[:, at], kind
            )
            for kind, at in self.places
        ]
        return torch.where(there.any(dim=1, keepdim=True), torch.cat(pooled, dim=1), self.prior)

    def say(self, there: There) -> Float[Tensor, "batch modalities"]:
        """Share of each modality in the result, the mean over groups of columns."""
        return shares_of(self.weights, there, self.places)


class RankAverage(nn.Module):
    """`shift + slope * mean rank`: only the order matters that a model puts patients into.

    The rank of a prediction is the share of training patients whose prediction by the same model
    is lower, and half of those that are equal; of a class, its log-probability is ranked.
    """

    knots: Float[Tensor, "modalities out knots"]
    slope: Float[Tensor, " out"]
    shift: Float[Tensor, " out"]

    def __init__(self, *, modalities: int, columns: Sequence[Columns]) -> None:
        super().__init__()
        out = sum(group.width for group in columns)
        self.places = places(columns, out)
        knots = torch.linspace(-10.0, 10.0, KNOTS).expand(modalities, out, -1).clone()
        self.register_buffer("knots", knots)
        self.register_buffer("slope", torch.ones(out))
        self.register_buffer("shift", torch.zeros(out))

    def forward(self, votes: Votes, there: There) -> Float[Tensor, "batch out"]:
        """Pool."""
        return self.shift + self.slope * self.mean_rank(votes, there)

    def mean_rank(self, votes: Votes, there: There) -> Float[Tensor, "batch out"]:
        """0 to 1; one half for a patient without any modality."""
        z = as_logits(votes, self.places).to(self.knots.dtype)
        values = z.detach().permute(1, 2, 0).contiguous()
        below, to = (torch.searchsorted(self.knots, values, right=r) for r in (False, True))
        rank = ((below + to) / (2 * self.knots.shape[-1])).permute(2, 0, 1).to(z.dtype)
        # a rank is flat almost everywhere: the gradient exists, and is 0
        mean = masked_mean(rank + 0.0 * z, there)
        return torch.where(there.any(dim=1, keepdim=True), mean, 0.5)

    def say(self, there: There) -> Float[Tensor, "batch modalities"]:
        """Share of each modality in the result: equal."""
        return there / there.sum(dim=1, keepdim=True).clamp(min=1)


class Stacked(nn.Module):
    """A regression on the predictions: `shift + sum_m coefficient_m (z_m - center_m)`.

    `z_m` are log-probabilities of classes, logits of steps or hazards, or log-hazards. One
    coefficient for each modality and group of columns. An absent modality adds 0, as if its
    prediction were the training mean; that it is absent tells nothing.
    """

    coefficients: Float[Tensor, "modalities out"]
    center: Float[Tensor, "modalities out"]
    shift: Float[Tensor, " out"]

    def __init__(self, *, modalities: int, columns: Sequence[Columns]) -> None:
        super().__init__()
        out = sum(group.width for group in columns)
        self.places = places(columns, out)
        self.register_buffer("coefficients", torch.ones(modalities, out))
        self.register_buffer("center", torch.zeros(modalities, out))
        self.register_buffer("shift", torch.zeros(out))

    def forward(self, votes: Votes, there: There) -> Float[Tensor, "batch out"]:
        """Pool."""
        moved = (as_logits(votes, self.places) - self.center) * there[:, :, None]
        return self.shift + (self.coefficients * moved).sum(dim=1)

    def say(self, there: There) -> Float[Tensor, "batch modalities"]:
        """Share of each modality in the sum of absolute coefficients, the mean over groups."""
        return shares_of(self.coefficients.abs(), there, self.places)


def weighted_mean(
    votes: Float[Tensor, "batch modalities width"],
    there: There,
    weights: Float[Tensor, " modalities"],
    center: Float[Tensor, "modalities width"],
    kind: Kind,
) -> Float[Tensor, "batch width"]:
    """One group of columns; whatever a patient without any modality gets is to be thrown away.

    Example:
        >>> votes = torch.tensor([[[0.9, 0.1], [0.5, 0.5]]]).log()
        >>> both, even = torch.ones(1, 2).bool(), torch.ones(2)
        >>> pooled = weighted_mean(votes, both, even, torch.zeros(2, 2), "classes")
        >>> [round(p, 4) for p in pooled[0].exp().tolist()]
        [0.7, 0.3]
    """
    among = there | ~there.any(dim=1, keepdim=True)
    log_weights = weights.log().expand(len(votes), -1).masked_fill(~among, -torch.inf)
    log_weights = log_weights.log_softmax(dim=1)[:, :, None]
    if kind == "plain":
        return (log_weights.exp() * (votes - center)).sum(dim=1)
    return from_log_shares((log_weights + log_shares(votes, kind)).logsumexp(dim=1), kind)


def as_logits(votes: Votes, groups: Sequence[tuple[Kind, slice]]) -> Votes:
    """Votes on a scale that does not depend on what was left open: classes as log-probabilities."""
    parts = [
        votes[..., at].log_softmax(dim=-1) if kind == "classes" else votes[..., at]
        for kind, at in groups
    ]
    return torch.cat(parts, dim=-1)


def shares_of(
    sizes: Float[Tensor, "modalities out"], there: There, groups: Sequence[tuple[Kind, slice]]
) -> Float[Tensor, "batch modalities"]:
    """Sizes of those present, scaled to sum to one in each group; the mean over groups."""
    mine = torch.stack([sizes[:, at.start] for _, at in groups]) * there[:, None, :]
    tiny = torch.finfo(mine.dtype).tiny
    return (mine / mine.sum(dim=2, keepdim=True).clamp(min=tiny)).mean(dim=1)
