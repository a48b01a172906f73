"""Two looks at a tile that a pathologist would call the same; for self-supervised training."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from fusion.data.harmonise.stain_jitter import jitter_stain


def another_look(
    tiles: Float[Tensor, "n 3 h w"],
    generator: torch.Generator,
    *,
    smallest: float,
    stain: float,
) -> Float[Tensor, "n 3 h w"]:
    """A part of each tile, turned, mirrored, enlarged to the tile's size, and stained otherwise.

    Tissue has no up and no left, so that all eight of a square's symmetries are drawn alike.
    Sizes change little: the size of a nucleus is a diagnosis.

    Args:
        tiles: of light transmitted, in [0, 1].
        generator: where all randomness comes from, on the CPU.
        smallest: side of the smallest part, as a share of the tile's; above 0, up to 1.
        stain: strength of the change of stain, as `jitter_stain` says.

    Raises:
        ValueError: for a share or a strength out of range.

    Source: Chen 2020 (SimCLR), with the augmentations of Faryna 2021 for histology.

    Example:
        >>> tiles = torch.rand(2, 3, 16, 16)
        >>> another_look(tiles, torch.Generator(), smallest=0.7, stain=0.1).shape
        torch.Size([2, 3, 16, 16])
    """
    if not 0 < smallest <= 1:
        raise ValueError(f"smallest is {smallest}, expected above 0, up to 1")
    n = len(tiles)
    draw = torch.rand(6, n, generator=generator).to(tiles)
    side = smallest + (1 - smallest) * draw[0]
    quarter = (draw[1] * 4).floor() * (torch.pi / 2)
    mirror = torch.where(draw[2] < 0.5, -1.0, 1.0)
    cos, sin = quarter.cos().round(), quarter.sin().round()
    place = (2 * draw[3:5] - 1) * (1 - side)
    rows = [
        torch.stack([side * cos * mirror, -side * sin, place[0]], dim=1),
        torch.stack([side * sin * mirror, side * cos, place[1]], dim=1),
    ]
    grid = functional.affine_grid(torch.stack(rows, dim=1), list(tiles.shape), align_corners=False)
    part = functional.grid_sample(tiles, grid, padding_mode="reflection", align_corners=False)
    return jitter_stain(part, generator, strength=stain)
