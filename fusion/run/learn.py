"""Train one model on the material: fusion, or a modality alone."""

from collections.abc import Mapping
from pathlib import Path

import torch

from fusion.audit.records import EPOCH
from fusion.config.head import HeadConfig
from fusion.config.heads.offset import OffsetConfig
from fusion.config.parts.augment import build_augmentation
from fusion.config.parts.encoders import build_unfreezing
from fusion.config.parts.invariance import build_invariance
from fusion.config.parts.penalties import build_blending, build_penalties
from fusion.config.parts.tasks import build_task, build_weighting, loss_weights
from fusion.config.run import RunConfig
from fusion.data.dataset import PatientDataset
from fusion.errors import TrainingError
from fusion.lit.blend import Blend
from fusion.lit.module import LitFusion
from fusion.lit.optimizer import adamw
from fusion.lit.rank import rank
from fusion.lit.refit import RefitMissing
from fusion.lit.start import Start
from fusion.lit.trainer import fit, read_checkpoint
from fusion.lit.unfreeze import Unfreeze
from fusion.run.assemble import assemble
from fusion.run.familiarise import familiarise
from fusion.run.loading import ahead, load
from fusion.run.material import Material
from fusion.run.resources import measured
from fusion.run.risk_sets import numbered
from fusion.run.start import start
from fusion.run.temperatures import fit_temperatures
from fusion.run.trained import Trained
from fusion.tasks.base import Task


def learn(
    config: RunConfig,
    material: Material,
    *,
    modalities: tuple[str, ...],
    head: HeadConfig,
    folder: Path,
    resume_command: str,
) -> Trained:
    """Train, or take up what an earlier attempt at this run has finished.

    Args:
        config: of the run.
        material: prepared and fitted.
        modalities: which of them this model sees.
        head: how they are fused.
        folder: of this model, inside the run's.
        resume_command: told to the user after an interruption.

    Raises:
        TrainingError: where a task has no labelled patient to learn from.
        Interrupted: after a signal, with the checkpoint saved.
    """
    trained = assemble(config, material.inputs.sources, modalities, head)
    done = folder / "weights.safetensors"
    if done.exists():
        trained.restore(done)
        return trained
    folder.mkdir(parents=True, exist_ok=True)
    train = material.inputs.dataset(material.place("train"), modalities)
    val = material.inputs.dataset(material.place("val"), modalities)
    ready(trained.tasks, train, val)
    familiarise(config, trained, material)
    start(config, trained, material)
    settings = config.trainer
    dims = trained.model.dims
    blending = build_blending(
        config.penalties,
        dims=dims,
        out_features=sum(task.out_features for task in trained.tasks.values()),
        seed=config.seed,
    )
    also: list[RefitMissing | Unfreeze | Blend | Start] = [
        RefitMissing(train=load(train, config.loader, seed=None)),  # before what makes predictions
        *build_unfreezing({m: config.modalities[m] for m in modalities}, trained.model),
    ]
    if blending is not None:
        everybody = [load(part, config.loader, seed=None) for part in (train, val)]
        also.append(Blend(train=everybody[0], val=everybody[1]))
        material.fitted.note(f"blending weights of {folder.name}", "choice", val.patients)
    if isinstance(head, OffsetConfig):  # with nothing added it is the clinical model
        also.append(Start(path=folder / "checkpoints" / "start.ckpt"))
    lit = LitFusion(
        model=trained.model,
        tasks=trained.tasks,
        weighting=build_weighting(config, trained.model.losses),
        weights=loss_weights(config, trained.model.losses),
        penalty=config.penalty,
        invariance=build_invariance(
            config.invariance,
            dims=dims,
            centers=[train.cohort.centers[p] for p in train.patients],
            seed=config.seed,
        ),
        penalties=build_penalties(config.penalties, dims=dims, seed=config.seed),
        blending=blending,
        augment=build_augmentation({m: config.modalities[m] for m in modalities}),
        optimizer=lambda parameters: adamw(
            parameters,
            **config.optimizer.model_dump(),
            epochs=settings.max_epochs,
        ),
        seed=config.seed,
    )
    last = folder / "checkpoints" / "last.ckpt"
    with measured(folder, [*trained.parts().values()], device(config)):
        best = fit(
            module=lit,
            train=ahead(
                load(
                    numbered(train, config.tasks),
                    config.loader,
                    seed=config.seed,
                    rank=rank(),
                    world=settings.devices,
                ),
                config.loader,
            ),
            val=load(val, config.loader, seed=None),
            folder=folder,
            resume_command=resume_command,
            checkpoint=last if last.exists() else None,
            progress=config.progress,
            also=also,
            **settings.model_dump(exclude={"threads"}),
        )
    chosen = read_checkpoint(best)
    lit.load_state_dict(chosen["state_dict"])
    trained.finish(load(train, config.loader, seed=None), device(config))
    if fit_temperatures(trained, val, seed=config.seed):
        material.fitted.note(f"temperature of outlines of {folder.name}", "choice", val.patients)
    what = f"weights, bins and baseline hazard of {folder.name}"
    material.fitted.note(what, "fit", train.patients)
    material.fitted.note(f"{EPOCH}{folder.name}", "choice", val.patients, float(chosen["epoch"]))
    if rank() == 0:
        trained.save(done)
    return trained


def check(config: RunConfig, material: Material, modalities: tuple[str, ...]) -> None:
    """See that these modalities have enough labels to learn from, before hours of other training.

    Raises:
        TrainingError: naming the task.
    """
    tasks = {name: build_task(task) for name, task in config.tasks.items()}
    parts = (material.place("train"), material.place("val"))
    train, val = (material.inputs.dataset(place, modalities) for place in parts)
    ready(tasks, train, val)


def ready(tasks: Mapping[str, Task], train: PatientDataset, val: PatientDataset) -> None:
    """Let each task fit what depends on the training patients' labels."""
    who = ", ".join(train.sources)
    for name, task in tasks.items():
        known = [train.labels[p][name] for p in train.patients if name in train.labels[p]]
        if not known:
            raise TrainingError(
                f"task {name}: none of the {len(train)} training patients with {who} has a "
                "label; leave the task out, or check targets.csv"
            )
        try:
            task.prepare(torch.stack(known))
        except TrainingError as error:
            raise TrainingError(f"task {name}, patients with {who}: {error}") from error
    if not any(val.labels[p] for p in val.patients):
        raise TrainingError(
            f"none of the {len(val)} validation patients with {who} has a label of any task; they "
            "choose the epoch: give them a larger share, split.val=0.2"
        )


def device(config: RunConfig) -> torch.device:
    """Where predictions are computed."""
    names = {"gpu": "cuda"}
    return torch.device(names.get(config.trainer.accelerator, config.trainer.accelerator))
