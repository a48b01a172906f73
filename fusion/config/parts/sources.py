"""Modality configuration -> how it is read."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fusion.config.encoders import BagEncoderConfig, HierarchyConfig, PathwaysConfig
from fusion.config.modality import BagConfig, ModalityConfig, TableConfig, VectorConfig
from fusion.config.parts.harmonise import build_combat, build_stain
from fusion.config.run import RunConfig
from fusion.config.task import TaskConfig
from fusion.config.volume import OutlineConfig, VolumeConfig
from fusion.data.harmonise.centers import CenterEffects
from fusion.data.harmonise.nyul import NyulScale
from fusion.data.prepare.patch_encoders.choose import patch_encoder
from fusion.data.prepare.tiling import Tiling
from fusion.data.signatures import Signatures
from fusion.data.source import Source
from fusion.data.sources.bag import BagSource
from fusion.data.sources.region_classes import RegionClasses
from fusion.data.sources.vector import VectorSource
from fusion.data.sources.volume import VolumeSource


def defining(tasks: Iterable[TaskConfig], modality: str) -> list[str]:
    """Columns of a modality that define any of the labels, and so are never inputs."""
    return sorted({name for task in tasks for name in task.defining.get(modality, [])})


def build_sources(config: RunConfig) -> dict[str, Source]:
    """Modality -> source, sorted; not yet prepared or fitted."""
    return {
        name: build_source(
            modality,
            cache=Path(config.cache) / name,
            root=Path(config.cohort.root),
            tasks=config.tasks,
            drop=defining(config.tasks.values(), name),
            seed=config.seed,
        )
        for name, modality in sorted(config.modalities.items())
    }


def build_source(
    config: ModalityConfig,
    *,
    cache: Path,
    root: Path,
    tasks: Mapping[str, TaskConfig],
    drop: list[str],
    seed: int,
) -> Source:
    """One modality's source; `tasks` only to refuse their labels among what is preserved."""
    match config:
        case VolumeConfig():
            nyul = NyulScale() if config.normalise == "nyul" else None
            return VolumeSource(
                sequences=config.sequences,
                spacing_mm=config.spacing_mm,
                shape=config.shape,
                normalise="brain_zscore" if nyul else config.normalise,
                hu_window=config.hu_window,
                crop=config.crop,
                cache=cache,
                workers=config.workers,
                nyul=nyul,
                **_outlined(config.outline),
            )
        case BagConfig():
            return build_bag(config, cache=cache, tasks=tasks, seed=seed)
        case VectorConfig():
            combat = build_combat(config.harmonise, tasks)
            sets = config.encoder.signatures if isinstance(config.encoder, PathwaysConfig) else None
            return build_table(
                config.table,
                root=root,
                drop=drop,
                harmonise=combat,
                signatures=None if sets is None else Signatures(root / sets),
            )


def _outlined(config: OutlineConfig | None) -> dict[str, Any]:
    return {} if config is None else config.model_dump(include={"regions", "patch", "foreground"})


def build_bag(
    config: BagConfig, *, cache: Path, tasks: Mapping[str, TaskConfig], seed: int
) -> BagSource:
    """Slides; `seed` is of the draw of tiles."""
    first, *context = (
        patch_encoder(**config.patch_encoder.model_dump(), mpp=m, tile_px=config.tile_px)
        for m in (config.mpp, *config.context_mpps)
    )
    return BagSource(
        encoder=first,
        context=context,
        tiling=Tiling(
            tile_px=config.tile_px,
            mpp=config.mpp,
            stride_px=config.stride_px,
            min_tissue=config.min_tissue,
            max_tiles=config.max_tiles_per_slide,
            seed=seed,
            reject=tuple(config.reject),
            min_sharpness=config.min_sharpness,
            max_background=config.max_background,
        ),
        half_size_decode=config.half_size_decode,
        cache=cache,
        workers=config.workers,
        stain=build_stain(config.stain),
        harmonise=build_combat(config.harmonise, tasks),
        regions=_regions(config.encoder),
    )


def _regions(config: BagEncoderConfig) -> RegionClasses | None:
    if not isinstance(config, HierarchyConfig) or config.region_classes is None:
        return None
    return RegionClasses(tuple(config.region_classes))


def build_table(
    config: TableConfig,
    *,
    root: Path,
    drop: list[str],
    harmonise: CenterEffects | None = None,
    signatures: Signatures | None = None,
) -> VectorSource:
    """A table's source; `drop` comes on top of what the table itself drops."""
    listed = config.columns_file
    return VectorSource(
        columns=config.columns,
        columns_file=None if listed is None else root / listed,
        drop=sorted({*config.drop, *drop}),
        select_variance=config.select_variance,
        log1p=config.log1p,
        clip=config.clip,
        categorical=config.categorical,
        indicators=config.indicators,
        harmonise=harmonise,
        signatures=signatures,
    )
