"""Turn and zoom volumes about their centre, with what was outlined in them; for training only."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as functional
from jaxtyping import Float, Float32, UInt8
from torch import Tensor

from fusion.types import Volumes

_PLANES = 16
"""Planes of the output that are made at a time, so that their coordinates stay in the cache."""

Matrix = Float32[Tensor, "3 3"]
Places = Sequence[Float32[Tensor, "thick y z"]]
"""x, y and z, in voxels of the input, of some planes of the output."""


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
    image = torch.empty(volumes.image.shape, device=volumes.image.device)
    regions = None if volumes.regions is None else volumes.regions.clone()
    for row in range(len(volumes)):
        if luck[row] >= settings.chance:
            image[row] = volumes.image[row]
            continue
        angles = [
            math.radians(settings.rotate_degrees) * (2 * float(d[row]) - 1) for d in draws[:3]
        ]
        size = 1 + settings.zoom * (2 * float(draws[3][row]) - 1)
        matrix = turn(angles) / size
        image[row] = linear(volumes.image[row], matrix, settings.spacing_mm)
        if regions is not None and volumes.regions is not None:
            regions[row] = nearest(volumes.regions[row], matrix, settings.spacing_mm)
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


def linear(
    image: Float[Tensor, "channels x y z"], matrix: Matrix, spacing_mm: Sequence[float]
) -> Float32[Tensor, "channels x y z"]:
    """Trilinear, 0 outside; places are right to a few thousandths of a voxel.

    Twice bilinear, in the planes before and behind in x, and then between these: torch reads a
    picture in a fraction of the time of a volume, so planes are laid below each other as one.

    Args:
        image: Read from.
        matrix: Millimetres from the centre of the output -> those from the centre of the input.
        spacing_mm: Of both.
    """
    channels, x_size, y_size, z_size = image.shape
    # zeros around, so that nothing is read from the next plane
    room = image.new_zeros((channels, x_size + 2, y_size + 2, z_size), dtype=torch.float32)
    room[:, 1:-1, 1:-1] = image
    high = (x_size + 1) * (y_size + 2)
    # a pair of pictures, the second of which begins a plane later
    pair = room.as_strided(
        (2, channels, high, z_size), ((y_size + 2) * z_size, *room.flatten(1, 2).stride())
    )
    found = torch.empty(image.shape, device=image.device)
    for low, (x, y, z) in places(matrix, image.shape[1:], spacing_mm, image.device):
        before = x.clamp_(-1, x_size).floor().clamp_(max=x_size - 1)
        row = (before + 1).mul_(y_size + 2).add_(y.clamp_(-1, y_size)).add_(1)
        grid = torch.empty(*row.shape, 2, device=image.device)
        # as grid_sample counts: -1 and 1 are the outer borders
        torch.mul(z, 2 / z_size, out=grid[..., 0]).add_(1 / z_size - 1)
        torch.mul(row, 2 / high, out=grid[..., 1]).add_(1 / high - 1)
        both = functional.grid_sample(
            pair, grid.flatten(0, 1).expand(2, -1, -1, -1), align_corners=False
        ).unflatten(2, row.shape[:2])
        torch.lerp(both[0], both[1], x.sub_(before), out=found[:, low : low + len(x)])
    return found


def nearest(
    labels: UInt8[Tensor, "x y z"], matrix: Matrix, spacing_mm: Sequence[float]
) -> UInt8[Tensor, "x y z"]:
    """The label of the nearest voxel, 0 outside; arguments as those of `linear`."""
    room = functional.pad(labels, (1, 1, 1, 1, 1, 1))
    found = torch.empty_like(labels)
    for low, axes in places(matrix, labels.shape, spacing_mm, labels.device):
        index = torch.zeros(1, dtype=torch.int32, device=labels.device)
        for axis, at in enumerate(axes):
            voxel = at.round_().clamp_(-1, labels.shape[axis]).add_(1).int()
            index = index * room.shape[axis] + voxel
        found[low : low + len(index)] = room.flatten()[index]
    return found


def places(
    matrix: Matrix, shape: Sequence[int], spacing_mm: Sequence[float], device: torch.device
) -> Iterator[tuple[int, Places]]:
    """Some planes of the output after the others: the first one's number, and where to read."""
    size, spacing = (torch.tensor(v, dtype=torch.float64) for v in (shape, spacing_mm))
    centre = (size - 1) / 2
    unit = matrix.double() * spacing / spacing[:, None]
    start = centre - unit @ centre
    x, y, z = (torch.arange(n, device=device, dtype=torch.float32) for n in shape)
    planes = [
        (float(u[1]) * y + float(s))[:, None] + float(u[2]) * z
        for u, s in zip(unit, start, strict=True)
    ]
    for low in range(0, len(x), _PLANES):
        part = x[low : low + _PLANES, None, None]
        yield low, [float(u[0]) * part + plane for u, plane in zip(unit, planes, strict=True)]
