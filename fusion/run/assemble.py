"""Configuration -> model and tasks that have learned nothing yet."""

from collections.abc import Mapping

from fusion.config.head import HeadConfig
from fusion.config.heads.votes import EnsembleConfig
from fusion.config.parts.model import build_model
from fusion.config.parts.tasks import build_columns, build_task
from fusion.config.run import RunConfig
from fusion.data.layout import layout
from fusion.data.source import Source
from fusion.run.trained import Trained


def assemble(
    config: RunConfig,
    sources: Mapping[str, Source],
    modalities: tuple[str, ...],
    head: HeadConfig,
) -> Trained:
    """Model and tasks with their first weights, which depend on the seed alone.

    Args:
        config: of the run.
        sources: fitted or restored; they know what each encoder is built for.
        modalities: which of them the model sees.
        head: how they are fused.
    """
    tasks = {name: build_task(config.tasks[name]) for name in sorted(config.tasks)}
    model = build_model(
        {m: config.modalities[m] for m in modalities},
        head,
        layouts={m: layout(sources[m]) for m in modalities},
        out_features=sum(task.out_features for task in tasks.values()),
        missing=config.missing,
        modality_dropout=config.modality_dropout if len(modalities) > 1 else 0.0,
        seed=config.seed,
        bottleneck=config.penalties.bottleneck_kl,
        columns=[build_columns(name, config.tasks[name]) for name in tasks]
        if isinstance(head, EnsembleConfig)
        else None,
    )
    return Trained(model, tasks, modalities)
