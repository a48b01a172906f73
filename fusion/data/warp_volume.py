"""Turn and zoom volumes about their centre, with what was outlined in them; for training only."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as functional
from jaxtyping import Float, Float32, UInt8
from torch import Tensor

from fusion.types import Volumes

_SLABS = 8
"""Parts of the output that the threads of a processor share; on a GPU they are one call too."""


@dataclass(frozen=True, kw_only=True)
class Warp:
    """How far volumes are turned and zoomed at random."""

    chance: float
    """Probability that a patient is."""
    rotate_degrees: float
    """Largest turn about each of the three axes."""
    zoom: float
    """Largest relative change of size, below 1."""
    spacing_mm: Sequence[float]
    """Of the grid: a turn is rigid in millimetres, not in voxels."""


def warp(volumes: Volumes, generator: torch.Generator, settings: Warp) -> Volumes:
    """Each patient with a chance of its own; images linear, regions nearest, 0 from outside.

    Angles and the zoom are drawn evenly, as nnU-Net does.

    Source: Isensee 2021 (nnU-Net), supplement, section 4.

    Example:
        >>> volumes = Volumes(torch.ones(1, 1, 2, 2, 2), torch.ones(1, 1, dtype=torch.bool))
        >>> still = Warp(chance=1.0, rotate_degrees=0.0, zoom=0.0, spacing_mm=(1.0, 1.0, 1.0))
        >>> warp(volumes, torch.Generator().manual_seed(0), still).image.unique().tolist()
        [1.0]
    """
    luck, *draws = torch.rand(5, len(volumes), generator=generator)
    image, regions = volumes.image.clone(), volumes.regions
    regions = None if regions is None else regions.clone()
    for row in torch.nonzero(luck < settings.chance).flatten().tolist():
        angles = [
            math.radians(settings.rotate_degrees) * (2 * float(d[row]) - 1) for d in draws[:3]
        ]
        size = 1 + settings.zoom * (2 * float(draws[3][row]) - 1)
        grid = sampling_grid(turn(angles) / size, image.shape[2:], settings.spacing_mm)
        grid = grid.to(image.device)
        image[row] = sample(volumes.image[row], grid, "bilinear")
        if regions is not None and volumes.regions is not None:
            drawn = sample(volumes.regions[row][None], grid, "nearest")[0]
            regions[row] = drawn.to(torch.uint8)
    return Volumes(image, volumes.channels, regions, volumes.known)


def turn(radians: Sequence[float]) -> Float32[Tensor, "3 3"]:
    """Rotations about x, then y, then z.

    Example:
        >>> (turn([0.0, 0.0, math.pi / 2]) @ torch.tensor([1.0, 0.0, 0.0])).round().tolist()
        [0.0, 1.0, 0.0]
    """
    whole = torch.eye(3, dtype=torch.float64)
    for axis, angle in enumerate(radians):
        one, other = (axis + 1) % 3, (axis + 2) % 3
        step = torch.eye(3, dtype=torch.float64)
        step[one, one] = step[other, other] = math.cos(angle)
        step[one, other], step[other, one] = -math.sin(angle), math.sin(angle)
        whole = step @ whole
    return whole.float()


def sampling_grid(
    matrix: Float32[Tensor, "3 3"], shape: Sequence[int], spacing_mm: Sequence[float]
) -> Float32[Tensor, "slabs thick y z 3"]:
    """Where each voxel of the output is read, in the coordinates of `grid_sample`.

    Args:
        matrix: Millimetres from the centre of the output -> those from the centre of the input.
        shape: Of both.
        spacing_mm: Of both.
    """
    half = torch.tensor([n * s / 2 for n, s in zip(shape, spacing_mm, strict=True)])
    # from -1 to 1 over the image, as grid_sample counts; its last axis comes first
    unit = (matrix * half / half[:, None]).flip(0)
    thick = -(-shape[0] // _SLABS)
    x, y, z = (
        (2 * torch.arange(m) + 1) / n - 1
        for m, n in zip((_SLABS * thick, *shape[1:]), shape, strict=True)
    )
    plane = y[:, None, None] * unit[:, 1] + z[:, None] * unit[:, 2]
    grid = (x[:, None] * unit[:, 0])[:, None] + plane.flatten(0, 1)
    return grid.view(_SLABS, thick, *shape[1:], 3)


def sample(
    image: Float[Tensor, "channels x y z"] | UInt8[Tensor, "channels x y z"],
    grid: Float32[Tensor, "slabs thick y z 3"],
    mode: str,
) -> Float32[Tensor, "channels x y z"]:
    """Values of an image at the places of a grid, 0 outside."""
    several = image.float().expand(len(grid), *image.shape)
    found = functional.grid_sample(several, grid, mode=mode, align_corners=False)
    return found.transpose(0, 1).flatten(1, 2)[:, : image.shape[1]]
