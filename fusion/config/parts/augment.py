"""Modality configuration -> what training does to a batch before the model sees it."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import torch

from fusion.config.modality import BagConfig, ModalityConfig
from fusion.config.volume import VolumeConfig
from fusion.data.augment_bag import disturb_tiles, sample_tiles
from fusion.data.augment_volume import LEFT_RIGHT, augment
from fusion.data.sample import Batch
from fusion.data.warp_volume import Warp
from fusion.types import Bags, Input, Modality, Volumes


def build_augmentation(
    modalities: Mapping[str, ModalityConfig],
) -> Callable[[Batch, torch.Generator], Batch]:
    """A function that changes the inputs of every modality as its configuration says."""

    def change(batch: Batch, generator: torch.Generator) -> Batch:
        inputs: dict[Modality, Input] = dict(batch.inputs)
        for name, config in sorted(modalities.items()):
            key = Modality(name)
            found = inputs.get(key)
            if isinstance(config, VolumeConfig) and isinstance(found, Volumes):
                settings = config.augment
                inputs[key] = augment(
                    found,
                    generator,
                    flip_axes=(LEFT_RIGHT,) if settings.flip else (),
                    scale=settings.scale,
                    shift=settings.shift,
                    drop_channels=settings.drop_sequences,
                    warped=_warp(config),
                    gamma=settings.gamma,
                    noise=settings.noise,
                )
            elif isinstance(config, BagConfig) and isinstance(found, Bags):
                part = sample_tiles(found, generator, keep=config.keep_tiles)
                inputs[key] = disturb_tiles(
                    part, generator, noise=config.noise, mix=config.mix_tiles
                )
        return replace(batch, inputs=inputs)

    return change


def _warp(config: VolumeConfig) -> Warp | None:
    if not config.augment.warp:
        return None
    return Warp(
        chance=config.augment.warp,
        rotate_degrees=config.augment.rotate,
        zoom=config.augment.zoom,
        # voxels whose spacing is not known count as cubes
        spacing_mm=config.spacing_mm or (1.0, 1.0, 1.0),
    )
