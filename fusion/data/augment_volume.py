"""Small changes of a volume that leave the diagnosis what it is; for training only."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool
from torch import Tensor

from fusion.types import Volumes

LEFT_RIGHT = 2
"""The axis of x in [batch, channels, x, y, z], which runs to the right."""


def augment(
    volumes: Volumes,
    generator: torch.Generator,
    *,
    flip_axes: Sequence[int] = (LEFT_RIGHT,),
    scale: float = 0.1,
    shift: float = 0.1,
    drop_channels: float = 0.0,
) -> Volumes:
    """Flip each patient along each axis by the toss of a coin, then move the intensities.

    Only left and right mirror each other in a head. Every present channel of every patient gets
    a gain from 1 - scale to 1 + scale and an offset from -shift to shift of its own, outside the
    background, which stays 0.

    Args:
        volumes: As a source gives them.
        generator: Where all randomness comes from.
        flip_axes: Of the image, 2 to 4.
        scale: Of the gain.
        shift: Of the offset, in SD of a z-scored image.
        drop_channels: Probability that a present channel is hidden; one of each patient stays.

    Example:
        >>> volumes = Volumes(torch.ones(1, 1, 2, 2, 2), torch.ones(1, 1, dtype=torch.bool))
        >>> same = augment(volumes, torch.Generator().manual_seed(0), scale=0.0, shift=0.0)
        >>> torch.equal(same.image, volumes.image)
        True
    """
    image, regions = volumes.image, volumes.regions
    for axis in flip_axes:
        heads = (torch.rand(len(image), generator=generator) < 0.5).to(image.device)
        image = torch.where(heads[:, None, None, None, None], image.flip(axis), image)
        if regions is not None:
            regions = torch.where(heads[:, None, None, None], regions.flip(axis - 1), regions)
    gain, offset = (
        (1 - 2 * torch.rand(image.shape[:2], generator=generator)).to(image) * width
        for width in (scale, shift)
    )
    moved = image * (1 + gain[..., None, None, None]) + offset[..., None, None, None]
    channels = _drop(volumes.channels, generator, drop_channels)
    return Volumes(torch.where(image == 0, image, moved), channels, regions, volumes.known)


def _drop(
    channels: Bool[Tensor, "batch channels"], generator: torch.Generator, probability: float
) -> Bool[Tensor, "batch channels"]:
    luck = torch.rand(channels.shape, generator=generator).to(channels.device)
    luck = luck.masked_fill(~channels, -1.0)
    stays = (luck >= probability) | (luck == luck.amax(dim=1, keepdim=True))
    return channels & stays
