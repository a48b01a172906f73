"""Blocks of voxels that a network is not shown, so that it learns to fill them in."""

import torch
from jaxtyping import Bool
from torch import Tensor
from torch.nn import functional

from fusion.types import Volumes


def hide_blocks(
    volumes: Volumes, generator: torch.Generator, *, block: int, ratio: float
) -> Bool[Tensor, "batch x y z"]:
    """Draw blocks of every patient, the same in all channels; those of air alone are no riddle.

    Args:
        volumes: as a source gives them, air being 0.
        generator: where all randomness comes from.
        block: side in voxels; blocks at the far sides may be cut.
        ratio: of the blocks that hold any tissue, above 0 and below 1; at least one is hidden.

    Returns:
        True where a voxel is hidden.

    Example:
        >>> there = torch.ones(1, 1, dtype=torch.bool)
        >>> volumes = Volumes(torch.ones(1, 1, 4, 4, 4), there)
        >>> draw = torch.Generator().manual_seed(0)
        >>> hidden = hide_blocks(volumes, draw, block=2, ratio=0.5)
        >>> hidden.sum().item()  # 4 of 8 blocks of 8 voxels
        32
    """
    shown = volumes.channels[:, :, None, None, None]
    tissue = ((volumes.image != 0) & shown).any(dim=1)
    coarse = functional.max_pool3d(tissue[:, None].float(), block, ceil_mode=True)[:, 0] > 0
    flat = coarse.flatten(1)
    flat = flat | ~flat.any(dim=1, keepdim=True)  # all air: any block will do
    luck = torch.rand(flat.shape, generator=generator).to(flat.device)
    place = luck.masked_fill(~flat, 2.0).argsort(dim=1).argsort(dim=1)
    count = (ratio * flat.sum(dim=1)).round().clamp(min=1)
    hidden = (place < count[:, None]).view_as(coarse)
    for axis in (1, 2, 3):
        hidden = hidden.repeat_interleave(block, dim=axis)
    x, y, z = tissue.shape[1:]
    return hidden[:, :x, :y, :z]
