"""Harmonisation of data, from its configuration."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from fusion.config.harmonise import ComBatConfig, MacenkoConfig, PreserveConfig, StainConfig
from fusion.config.task import TaskConfig
from fusion.data.harmonise.centers import CenterEffects
from fusion.data.harmonise.covariates import Covariates
from fusion.data.harmonise.macenko import Macenko
from fusion.data.harmonise.reinhard import Reinhard
from fusion.data.harmonise.stain import StainMethod
from fusion.data.harmonise.stain_target import StainTarget
from fusion.data.sources.vector import VectorSource
from fusion.data.targets import EVENT, TIME
from fusion.errors import ConfigError


def build_combat(
    config: ComBatConfig | None, tasks: Mapping[str, TaskConfig]
) -> CenterEffects | None:
    """ComBat, or nothing.

    Raises:
        ConfigError: for a covariate that is or defines a label.
    """
    if config is None:
        return None
    kept = None if config.preserve is None else build_covariates(config.preserve, tasks)
    return CenterEffects(unseen=config.unseen, minimum=config.minimum, covariates=kept)


def build_stain(config: StainConfig | None) -> StainTarget | None:
    """A method with its settings, or nothing."""
    if config is None:
        return None
    settings = config.model_dump(exclude={"name", "tiles"})
    method: StainMethod = (
        Macenko(**settings) if isinstance(config, MacenkoConfig) else Reinhard(**settings)
    )
    return StainTarget(method=method, tiles=config.tiles)


def build_covariates(config: PreserveConfig, tasks: Mapping[str, TaskConfig]) -> Covariates:
    """The table of covariates, after a look at what must not be among them.

    Raises:
        ConfigError: for a covariate that is or defines a label, for a pattern, or for categories
            of a column that is not kept.
    """
    for column in config.columns:
        if set("*?[") & set(column):
            raise ConfigError(f"preserve.columns: {column!r} is a pattern; name each column")
        for name, task in tasks.items():
            if _tells(column, config.modality, task):
                raise ConfigError(
                    f"preserve.columns: {column!r} of {config.modality} is or defines the label of "
                    f"{name}: to keep its effect would lead the label into the inputs; leave it out"
                )
    if odd := sorted(set(config.categorical) - set(config.columns)):
        raise ConfigError(f"preserve.categorical: {', '.join(odd)} is not among preserve.columns")
    table = VectorSource(columns=config.columns, categorical=config.categorical)
    return Covariates(modality=config.modality, columns=config.columns, table=table)


def _tells(column: str, modality: str, task: TaskConfig) -> bool:
    labels: Iterable[str] = (task.column, f"{task.column}{TIME}", f"{task.column}{EVENT}")
    defining = task.defining.get(modality, [])
    return column in labels or any(fnmatchcase(column, pattern) for pattern in defining)
