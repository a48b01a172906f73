"""Models that were trained alone -> one fusion model, its pool filled and its tasks finished."""

from collections.abc import Mapping

import torch

from fusion.config.heads.votes import EnsembleConfig
from fusion.config.run import RunConfig
from fusion.errors import ConfigError
from fusion.heads.ensemble import EnsembleFusion
from fusion.heads.pools import RankAverage, Stacked, WeightedMean
from fusion.heads.single import SingleModality
from fusion.run.ensemble_pool import (
    Label,
    fill_mean,
    fill_ranks,
    fill_stack,
    fill_weights,
    known_labels,
)
from fusion.run.material import Material
from fusion.run.trained import Trained
from fusion.run.votes import Rows, Votes, center_of, links, rows_of
from fusion.tasks.base import Task


def ensemble_of(trained: Trained) -> EnsembleFusion:
    """The head.

    Raises:
        ConfigError: where something is wrapped around it.
    """
    head = trained.model.head
    if not isinstance(head, EnsembleFusion):
        raise ConfigError(
            f"head ensemble pools whoever is present, and cannot stand inside {type(head).__name__}"
        )
    return head


def adopt(trained: Trained, singles: Mapping[str, Trained]) -> None:
    """Take encoders, predictors and intervals of the models alone; who has none has no say."""
    head = ensemble_of(trained)
    for i, name in enumerate(head.names):
        head.member[i] = name in singles
        if name not in singles:
            continue
        single = singles[name].model
        assert isinstance(single.head, SingleModality)
        trained.model.encoders[name].load_state_dict(single.encoders[name].state_dict())
        head.predictors[name].load_state_dict(single.head.mlp.state_dict())
        head.overlap[i] = links(singles[name].tasks, trained.tasks)


def outputs_of(
    config: RunConfig,
    material: Material,
    part: str,
    single: Trained,
    trained: Trained,
) -> Rows:
    """Outputs of a model alone for a part's patients, in the intervals of the ensemble."""
    dataset = material.inputs.dataset(material.place(part), single.modalities)
    return rows_of(config, single, dataset, trained.tasks, ensemble_of(trained).places)


def held_out(config: RunConfig, inner: Material, single: Trained, trained: Trained) -> Rows:
    """What the model of an inner fold predicts for those held out, less its own training mean.

    Only plain columns have such a mean: each Cox model has a zero of its own.
    """
    own = outputs_of(config, inner, "train", single, trained)
    center = center_of(own, ensemble_of(trained).places)
    rows = outputs_of(config, inner, "test", single, trained)
    return {patient: row - center for patient, row in rows.items()}


def pool(
    config: RunConfig,
    material: Material,
    settings: EnsembleConfig,
    trained: Trained,
    singles: Mapping[str, Trained],
    aside: Mapping[str, Rows],
    name: str,
) -> None:
    """Fill the pool, and let the tasks fit what depends on the pooled outputs.

    Args:
        config: of the run.
        material: of the run.
        settings: of the head.
        trained: with the parts of `singles` already, and prepared tasks.
        singles: modality -> model alone.
        aside: modality -> out-of-fold outputs of training patients, for `stacked`.
        name: of the model, for the notes of what was fitted.

    Raises:
        TrainingError: where a fit does not converge.
    """
    head, tasks, note = ensemble_of(trained), trained.tasks, material.fitted.note
    names, ridge = tuple(singles), settings.ridge
    train, val = (material.inputs.dataset(material.place(p), names) for p in ("train", "val"))
    rows = {m: outputs_of(config, material, "train", s, trained) for m, s in singles.items()}
    center = torch.zeros(head.overlap.shape[:2])
    for i, m in enumerate(head.names):
        if m in rows:
            center[i] = center_of(rows[m], head.places)
    learned = Votes.of(rows, train.patients, head.names, center.shape[1])
    if settings.how in ("validation", "rank"):
        rows = {m: outputs_of(config, material, "val", s, trained) for m, s in singles.items()}
        judged = Votes.of(rows, val.patients, head.names, center.shape[1])
        note(f"weights or scale of {name}", "choice", val.patients)
    match head.pool:
        case WeightedMean() as mean:
            if settings.how == "validation":
                fill_weights(mean, center, judged, tasks, val.labels, ridge=ridge)
            fill_mean(mean, center, learned)
        case RankAverage() as ranks:
            fill_ranks(ranks, learned, judged, tasks, val.labels, ridge=ridge)
        case Stacked() as stack:
            zeros = dict(zip(head.names, center, strict=True))
            moved = {m: {p: x + zeros[m] for p, x in own.items()} for m, own in aside.items()}
            learned = Votes.of(moved, train.patients, head.names, center.shape[1])
            fill_stack(stack, center, learned, tasks, train.labels, ridge=ridge)
    note(f"pool, bins and baseline hazard of {name}", "fit", train.patients)
    finish(head, tasks, learned, train.labels)


def finish(head: EnsembleFusion, tasks: Mapping[str, Task], votes: Votes, labels: Label) -> None:
    """Let each task fit what depends on the training patients' outputs.

    For `stacked` these are out-of-fold, as what a model says of those whom it learned from is too
    sure of itself.
    """
    outputs = head.pool(votes.values, votes.there)
    for (_, at), (name, task) in zip(head.places, tasks.items(), strict=True):
        found = known_labels(votes, name, labels)
        task.finish(outputs[found.known][:, at], found.values)
