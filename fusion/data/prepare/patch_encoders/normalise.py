"""Tiles -> what a network was trained on."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor


def normalised(
    tiles: UInt8[np.ndarray, "n h w 3"],
    mean: Sequence[float],
    sd: Sequence[float],
    *,
    device: str,
) -> Float[Tensor, "n 3 h w"]:
    """Scale to [0, 1], centre and divide by the standard deviation, channel by channel.

    Bytes travel to the device, where they become floats.

    Example:
        >>> tiles = np.full((1, 2, 2, 3), 255, dtype=np.uint8)
        >>> normalised(tiles, [0.5, 0.5, 0.0], [0.5, 0.25, 1.0], device="cpu")[0, :, 0, 0]
        tensor([1., 2., 1.])
    """
    pixels = torch.tensor(tiles, device=device).permute(0, 3, 1, 2) / 255.0
    middle, spread = (torch.tensor(v, device=device).view(1, 3, 1, 1) for v in (mean, sd))
    return (pixels - middle) / spread
