"""Small changes of a volume that leave the diagnosis what it is; for training only."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from fusion.data.contrast_volume import add_noise, change_gamma
from fusion.data.warp_volume import Warp, warp
from fusion.types import Volumes

LEFT_RIGHT = 2
"""The axis of x in [batch, channels, x, y, z], which runs to the right."""

_CACHED = 1 << 18
"""Voxels of a channel that are worked on at a time on a processor: 1 MB."""


def augment(
    volumes: Volumes,
    generator: torch.Generator,
    *,
    flip_axes: Sequence[int] = (LEFT_RIGHT,),
    scale: float = 0.1,
    shift: float = 0.1,
    drop_channels: float = 0.0,
    warped: Warp | None = None,
    gamma: float = 0.0,
    noise: float = 0.0,
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
        warped: How patients are turned and zoomed; None leaves them.
        gamma: Largest logarithm of the power of `change_gamma`; 0 leaves the contrast.
        noise: Largest SD of what `add_noise` adds; 0 adds none.

    Returns:
        Images in single precision where they came in half, and what was outlined in the same place.

    Example:
        >>> volumes = Volumes(torch.ones(1, 1, 2, 2, 2), torch.ones(1, 1, dtype=torch.bool))
        >>> same = augment(volumes, torch.Generator().manual_seed(0), scale=0.0, shift=0.0)
        >>> torch.equal(same.image, volumes.image)
        True
    """
    image, regions = volumes.image, volumes.regions
    turned = torch.zeros(len(image), 3, dtype=torch.bool)
    for axis in flip_axes:
        turned[:, axis - 2] = torch.rand(len(image), generator=generator) < 0.5
    exact = torch.float32 if image.dtype == torch.float16 else image.dtype
    gain, offset = (
        (1 - 2 * torch.rand(image.shape[:2], generator=generator)).to(exact) * width
        for width in (scale, shift)
    )
    channels = _drop(volumes.channels, generator, drop_channels)
    if warped is not None:
        volumes = warp(volumes, generator, warped)
        image, regions = volumes.image, volumes.regions
    if regions is not None:
        regions = torch.stack(
            [part.flip(_axes(row)) for part, row in zip(regions, turned, strict=True)]
        )
    moved = torch.empty(image.shape, dtype=exact, device=image.device)
    for row, target in enumerate(moved):
        axes = [axis + 1 for axis in _axes(turned[row])]
        _move(image[row], axes, (1 + gain[row]).tolist(), offset[row].tolist(), target)
    if gamma:
        moved = change_gamma(moved, generator, gamma)
    if noise:
        moved = add_noise(moved, generator, noise)
    return Volumes(moved, channels, regions, volumes.known)


def _axes(turned: Bool[Tensor, "3"]) -> list[int]:
    return [axis for axis, there in enumerate(turned.tolist()) if there]


def _move(
    image: Float[Tensor, "channels x y z"],
    flip_axes: Sequence[int],
    gain: Sequence[float],
    offset: Sequence[float],
    target: Float[Tensor, "channels x y z"],
) -> None:
    """Flip and move one patient, part by part, so that each stays in the processor's cache.

    A quarter of the time of the same operations on whole images, which wait for the memory.
    """
    n = image.shape[1]
    rows = n if image.is_cuda else max(1, _CACHED // image[0, 0].numel())
    scratch = torch.empty_like(target[0, :rows])
    for low in range(0, n, rows):
        high = min(n, low + rows)
        source = slice(n - high, n - low) if 1 in flip_axes else slice(low, high)
        for channel, out in enumerate(target[:, low:high]):
            part = image[channel, source].to(out.dtype)
            if flip_axes:
                part = part.flip([axis - 1 for axis in flip_axes])
            torch.mul(part, gain[channel], out=out)
            inside = torch.ne(part, 0, out=scratch[: high - low])
            # a product with 0 or 1 is exact, and the background gets no offset
            out.add_(inside, alpha=offset[channel])


def _drop(
    channels: Bool[Tensor, "batch channels"], generator: torch.Generator, probability: float
) -> Bool[Tensor, "batch channels"]:
    luck = torch.rand(channels.shape, generator=generator).to(channels.device)
    luck = luck.masked_fill(~channels, -1.0)
    stays = (luck >= probability) | (luck == luck.amax(dim=1, keepdim=True))
    return channels & stays
