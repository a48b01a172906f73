"""Late fusion of models that were trained alone: train them, then pool what they predict."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from torch import Tensor

from fusion.config.heads.votes import EnsembleConfig
from fusion.config.run import RunConfig
from fusion.lit.rank import rank
from fusion.run.alone import alone_head
from fusion.run.assemble import assemble
from fusion.run.ensemble_members import members
from fusion.run.inner_folds import INNER, inner_folds
from fusion.run.learn import learn, ready
from fusion.run.material import Material
from fusion.run.pooling import adopt, held_out, pool
from fusion.run.trained import Trained
from fusion.run.votes import Rows
from fusion.types import PatientId

Say = Callable[[str], None]


def learn_fusion(
    config: RunConfig,
    material: Material,
    *,
    folder: Path,
    prefix: str,
    resume_command: str,
    say: Say,
) -> Trained:
    """Train the run's fusion: jointly, or as its head says, each modality alone first.

    Args:
        config: of the run.
        material: prepared and fitted.
        folder: of the model, inside the run's `models`.
        prefix: of the folders of the modalities alone, beside it.
        resume_command: told to the user after an interruption.
        say: tells the user what goes on.

    Raises:
        TrainingError: where a task has no labelled patient to learn from.
        Interrupted: after a signal, with the checkpoint saved.
    """
    if isinstance(config.head, EnsembleConfig):
        return learn_ensemble(
            config,
            material,
            config.head,
            folder=folder,
            prefix=prefix,
            resume_command=resume_command,
            say=say,
        )
    return learn(
        config,
        material,
        modalities=tuple(sorted(config.modalities)),
        head=config.head,
        folder=folder,
        resume_command=resume_command,
    )


def learn_ensemble(
    config: RunConfig,
    material: Material,
    head: EnsembleConfig,
    *,
    folder: Path,
    prefix: str,
    resume_command: str,
    say: Say,
) -> Trained:
    """Models that are there already are taken up; arguments as in `learn_fusion`."""
    trained = assemble(config, material.inputs.sources, tuple(sorted(config.modalities)), head)
    done = folder / "weights.safetensors"
    if done.exists():
        trained.restore(done)
        return trained
    names = members(config, material, head)[0]
    own = {m: folder.parent / f"{prefix}{m}_alone" for m in names}
    inner: dict[str, list[Material]] = {}
    if head.how == "stacked":
        inner = {
            m: inner_folds(config, material, m, folds=head.folds, of=own[m].name) for m in names
        }
    train, val = (material.inputs.dataset(material.place(p), names) for p in ("train", "val"))
    ready(trained.tasks, train, val)
    singles: dict[str, Trained] = {}
    aside: dict[str, Rows] = {}
    for m in names:
        say(f"    {m} alone")
        teach = partial(
            learn,
            config,
            modalities=(m,),
            head=alone_head(config, m),
            resume_command=resume_command,
        )
        singles[m] = teach(material, folder=own[m])
        found: dict[PatientId, Tensor] = {}
        for k, fold in enumerate(inner.get(m, [])):
            say(f"    {m} alone, inner fold {k + 1} of {head.folds}")
            single = teach(fold, folder=own[m] / INNER.format(k))
            found |= held_out(config, fold, single, trained)
        aside[m] = found
    adopt(trained, singles)
    pool(config, material, head, trained, singles, aside, folder.name)
    folder.mkdir(parents=True, exist_ok=True)
    if rank() == 0:
        trained.save(done)
    return trained
