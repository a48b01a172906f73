"""Fill the pool of an ensemble: from training patients, or where it is a choice, validation."""

from collections.abc import Iterator, Mapping
from functools import partial

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from fusion.data.sample import Labels
from fusion.heads.columns import Kind, from_log_shares, log_shares
from fusion.heads.pool_fit import Loss, fit_scale, fit_stack, fit_weights, order_statistics
from fusion.heads.pools import RankAverage, Stacked, WeightedMean, as_logits
from fusion.run.votes import Votes
from fusion.tasks.base import Task
from fusion.types import PatientId

Label = Mapping[PatientId, Mapping[str, Tensor]]
"""Patient -> task -> label."""

Group = tuple[Kind, slice, Bool[Tensor, " patients"], Loss]
"""Kind and place of a task's columns, who has a label, and the loss on the outputs of these."""


def fill_mean(pool: WeightedMean, center: Float[Tensor, "modalities out"], train: Votes) -> None:
    """Zero of plain columns, and what a patient without any modality gets: the training mean.

    Args:
        pool: with its weights.
        center: training means of plain columns, 0 for the others.
        train: votes for the training patients.
    """
    pool.center.copy_(center)
    outputs = pool(train.values, train.there)
    for kind, at in pool.places:
        if kind == "plain":
            pool.prior[at] = outputs[:, at].mean(dim=0)
        else:
            shares = log_shares(outputs[:, at], kind)
            mean = shares.logsumexp(dim=0) - torch.tensor(float(len(shares))).log()
            pool.prior[at] = from_log_shares(mean, kind)


def fill_weights(
    pool: WeightedMean,
    center: Float[Tensor, "modalities out"],
    val: Votes,
    tasks: Mapping[str, Task],
    labels: Label,
    *,
    ridge: float,
) -> None:
    """Weights of each task's columns, with which its loss on validation patients is least.

    Raises:
        TrainingError: where a fit does not converge.
    """
    for kind, at, known, loss in groups(pool.places, tasks, val, labels):
        weights = fit_weights(
            val.values[known][..., at], val.there[known], center[:, at], kind, loss, ridge=ridge
        )
        pool.weights[:, at] = weights[:, None].float()


def fill_ranks(
    pool: RankAverage,
    train: Votes,
    val: Votes,
    tasks: Mapping[str, Task],
    labels: Label,
    *,
    ridge: float,
) -> None:
    """Distribution over training patients; slope and shift on validation patients.

    Raises:
        TrainingError: where a fit does not converge.
    """
    z = as_logits(train.values, pool.places)
    for m in range(train.there.shape[1]):
        mine = z[train.there[:, m], m]
        if len(mine):
            pool.knots[m] = torch.stack([order_statistics(c) for c in mine.unbind(dim=1)])
    ranks = pool.mean_rank(val.values, val.there)
    for kind, at, known, loss in groups(pool.places, tasks, val, labels):
        slope, shift = fit_scale(ranks[known][:, at], loss, kind=kind, ridge=ridge)
        pool.slope[at], pool.shift[at] = slope.float(), shift.float()


def fill_stack(
    pool: Stacked,
    center: Float[Tensor, "modalities out"],
    aside: Votes,
    tasks: Mapping[str, Task],
    labels: Label,
    *,
    ridge: float,
) -> None:
    """A regression on predictions of training patients by models that did not learn from them.

    Args:
        pool: to fill.
        center: training means of plain columns, 0 for the others.
        aside: out-of-fold votes, plain columns moved to `center`.
        tasks: by name, in the order of their columns.
        labels: of the training patients.
        ridge: as `fit_stack` takes it.

    Raises:
        TrainingError: where a fit does not converge.
    """
    z = as_logits(aside.values, pool.places)
    there = aside.there[:, :, None]
    mean = torch.where(there, z, 0.0).sum(dim=0) / there.sum(dim=0).clamp(min=1)
    for kind, at in pool.places:
        pool.center[:, at] = (center if kind == "plain" else mean)[:, at]
    for kind, at, known, loss in groups(pool.places, tasks, aside, labels):
        coefficients, shift = fit_stack(
            z[known][..., at], aside.there[known], pool.center[:, at], kind, loss, ridge=ridge
        )
        pool.coefficients[:, at] = coefficients[:, None].float()
        pool.shift[at] = shift.float()


def groups(
    places: list[tuple[Kind, slice]], tasks: Mapping[str, Task], votes: Votes, labels: Label
) -> Iterator[Group]:
    """Each task with its columns and the patients who have a label."""
    for (kind, at), (name, task) in zip(places, tasks.items(), strict=True):
        found = known_labels(votes, name, labels)
        yield kind, at, found.known, partial(task.loss, targets=found.values)


def known_labels(votes: Votes, task: str, labels: Label) -> Labels:
    """Labels of a task, of those who have one; nobody's is an empty table."""
    known = [task in labels[p] for p in votes.patients]
    values = [labels[p][task] for p in votes.patients if task in labels[p]]
    stacked = torch.stack(values) if values else torch.zeros(0, 1)
    return Labels(stacked, torch.tensor(known, dtype=torch.bool))
