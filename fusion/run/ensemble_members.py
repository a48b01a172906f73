"""Which modalities can take part in an ensemble, told before hours of training."""

from fusion.config.heads.votes import EnsembleConfig
from fusion.config.parts.tasks import task_info
from fusion.config.run import RunConfig
from fusion.errors import TrainingError
from fusion.run.inner_folds import inner_parts, without
from fusion.run.learn import check
from fusion.run.material import Material


def members(
    config: RunConfig, material: Material, head: EnsembleConfig
) -> tuple[tuple[str, ...], list[str]]:
    """Modalities that have enough labels, and a sentence for each one that has not.

    Raises:
        TrainingError: where none is left, or validation patients cannot choose what `how` asks.
    """
    parts = inner_parts(config, material, head.folds) if head.how == "stacked" else []
    found: list[str] = []
    remarks: list[str] = []
    for name in sorted(config.modalities):
        try:
            check(config, material, (name,))
        except TrainingError as error:
            remarks.append(f"{name} has no part in the ensemble: {error}.")
            continue
        try:
            for part in parts:
                check(config, without(material, part), (name,))
        except TrainingError as error:
            remarks.append(
                f"{name} has no part in the ensemble: without one of {head.folds} inner folds, "
                f"{error}. Fewer head.folds, or head.how=mean, may do."
            )
            continue
        found.append(name)
    if not found:
        raise TrainingError(f"head ensemble: no modality can be trained alone. {' '.join(remarks)}")
    if head.how in ("validation", "rank"):
        can_choose(config, material, tuple(found))
    return tuple(found), remarks


def can_choose(config: RunConfig, material: Material, names: tuple[str, ...]) -> None:
    """See that validation patients tell something of every task.

    Raises:
        TrainingError: naming the task for which nobody has a label, or an event.
    """
    val = material.inputs.dataset(material.place("val"), names)
    for name, task in sorted(config.tasks.items()):
        known = [val.labels[p][name] for p in val.patients if name in val.labels[p]]
        survival = task_info(name, task).kind == "survival"
        if not known or (survival and not any(bool(label[1]) for label in known)):
            lack = "an event" if known else "a label"
            raise TrainingError(
                f"task {name}: none of the {len(val)} validation patients has {lack}; they fit "
                "what the ensemble weighs by: take head.how=mean, or give them a larger share, "
                "split.val=0.2"
            )
