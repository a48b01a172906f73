"""The clinical regressions of a run, frozen into its head before training."""

from collections.abc import Sequence

import torch

from fusion.baseline import ClassBaseline, ClinicalBaseline, CoxBaseline
from fusion.config.encoders import IdentityConfig
from fusion.config.heads.offset import OffsetConfig
from fusion.config.modality import VectorConfig
from fusion.config.parts.sources import defining
from fusion.config.run import RunConfig
from fusion.config.task import (
    ClassificationConfig,
    CompetingConfig,
    DiscreteTimeConfig,
    OrdinalConfig,
    WeibullConfig,
)
from fusion.data.sources.vector import VectorSource
from fusion.errors import ConfigError, TrainingError
from fusion.heads.offset import ClinicalOffset
from fusion.heads.offset_links import Offset
from fusion.run.clinical import ClinicalModel, fit_clinical, matrix
from fusion.run.material import Material


def check_offset(config: RunConfig) -> None:
    """See that the head can begin exactly at the clinical model, before anything is read.

    Raises:
        ConfigError: saying what stands in the way, and what to write instead.
    """
    if not isinstance(config.head, OffsetConfig):
        return
    if config.baseline is None:
        raise ConfigError("head offset begins at the clinical model, and ~baseline leaves none")
    name = config.baseline.modality
    if config.head.clinical != name:
        raise ConfigError(
            f"head.clinical is {config.head.clinical!r}, but the clinical model reads {name!r}: "
            f"head.clinical={name}"
        )
    mine = config.modalities.get(name)
    if (
        not isinstance(mine, VectorConfig)
        or not isinstance(mine.encoder, IdentityConfig)
        or mine.table != config.baseline.table
        or mine.harmonise is not None
    ):
        sign = "" if name in config.modalities else "+"
        raise ConfigError(
            f"head offset needs {name} among the modalities, read as the clinical model reads it "
            f"and passed on as it is: {sign}modality@modalities.{name}=baseline_table"
        )
    for task_name, task in sorted(config.tasks.items()):
        if isinstance(task, DiscreteTimeConfig | WeibullConfig | CompetingConfig):
            raise ConfigError(
                f"tasks.{task_name}: the clinical model is a Cox regression, whose log-hazard is "
                f"no offset for a task of kind {task.kind}; with head offset use kind cox"
            )
        if isinstance(task, ClassificationConfig) and task.balanced:
            raise ConfigError(
                f"tasks.{task_name}.balanced: the clinical model weighs no class, so that a "
                "constant alone would lower a loss that does, and pass for something added; with "
                f"head offset: tasks.{task_name}.balanced=false"
            )
        theirs = {*config.baseline.table.drop, *defining([task], name)}
        extra = {*defining(config.tasks.values(), name)} - theirs
        if extra:
            raise ConfigError(
                f"{', '.join(sorted(extra))} of {name} define another task and so are no input of "
                f"fusion, but the clinical model of {task_name} reads them: leave them out of "
                f"both, baseline.table.drop=[{','.join(sorted(theirs | extra))}], or train the "
                "tasks in runs of their own"
            )


def fit_offset(config: RunConfig, head: ClinicalOffset, material: Material) -> None:
    """Fit the clinical model of each task on the training patients, and freeze all of them.

    Raises:
        TrainingError: where a regression cannot be fitted, or reads other numbers than the head.
    """
    source = material.inputs.sources[head.clinical]
    assert isinstance(source, VectorSource)
    models = fit_clinical(config, material)
    for name, clinical in models.items():
        _same_columns(name, clinical, source)
    columns, who = matrix(source, head.clinical, material.place("train"))
    ordinal = [isinstance(config.tasks[name], OrdinalConfig) for name in models]
    offset = frozen([clinical.model for clinical in models.values()], ordinal)
    head.freeze(offset, torch.from_numpy(columns))
    for name in models:
        material.fitted.note(f"clinical offset of {name}", "fit", who)


def frozen(models: Sequence[ClinicalBaseline], ordinal: Sequence[bool]) -> Offset:
    """The regressions of all tasks, in the order of the head's outputs.

    Args:
        models: of each task.
        ordinal: whether its outputs are steps between ordered classes.
    """
    return Offset.joined([_one(m, o) for m, o in zip(models, ordinal, strict=True)])


def _one(model: ClinicalBaseline, ordinal: bool) -> Offset:
    match model:
        case CoxBaseline():
            beta = torch.tensor([list(model.coefficients)], dtype=torch.float64)
            mean = torch.tensor(list(model.means), dtype=torch.float64)
            return Offset.plain(beta, -beta @ mean)
        case ClassBaseline():
            weight = torch.tensor([list(row) for row in model.coefficients], dtype=torch.float64)
            bias = torch.tensor(list(model.intercepts), dtype=torch.float64)
            return Offset.steps(weight, bias) if ordinal else Offset.plain(weight, bias)


def _same_columns(task: str, clinical: ClinicalModel, source: VectorSource) -> None:
    assert clinical.source.preprocess is not None
    assert source.preprocess is not None
    if clinical.source.preprocess.state() != source.preprocess.state():
        raise TrainingError(
            f"task {task}: the clinical model and the head would read the clinical table "
            "differently: its columns, or who has them, are not the same for both; are there "
            "patients whose row cannot be used? Mend or remove these rows"
        )
