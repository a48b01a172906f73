"""Small random changes of stain, as between laboratories."""

import numpy as np
import torch
from jaxtyping import Float
from skimage.color import rgb_from_hed
from torch import Tensor

_STAINS = rgb_from_hed.astype(np.float32)
"""Absorption of haematoxylin, eosin and DAB in red, green and blue (Ruifrok and Johnston 2001)."""

_DARKEST = 1.0 / 255.0


def jitter_stain(
    tiles: Float[Tensor, "n 3 h w"], generator: torch.Generator, *, strength: float
) -> Float[Tensor, "n 3 h w"]:
    """Each tile's stains, made stronger or weaker and shifted, one draw per tile and stain.

    In optical density, each of haematoxylin, eosin and the rest is multiplied by a factor from
    1 - `strength` to 1 + `strength` and moved by up to `strength` / 10 of a unit.

    Args:
        tiles: of light transmitted, in [0, 1].
        generator: where all randomness comes from, on the CPU.
        strength: 0 changes nothing; 0.05 is light, 0.2 strong.

    Raises:
        ValueError: for a strength outside [0, 1).

    Source: Tellez 2018 (HED augmentation), with a shift of a tenth of the factor.

    Example:
        >>> tiles = torch.full((1, 3, 2, 2), 0.5)
        >>> torch.allclose(jitter_stain(tiles, torch.Generator(), strength=0.0), tiles, atol=1e-5)
        True
    """
    if not 0 <= strength < 1:
        raise ValueError(f"strength is {strength}, expected within [0, 1)")
    stains = torch.tensor(_STAINS, device=tiles.device, dtype=tiles.dtype)
    stains = stains / stains.norm(dim=1, keepdim=True)
    draw = torch.rand(2, len(tiles), 3, generator=generator).to(tiles) * 2 - 1
    density = -torch.log(tiles.clamp(min=_DARKEST))
    amounts = torch.einsum("nchw,cs->nshw", density, torch.linalg.inv(stains))
    factor, shift = 1 + strength * draw[0], strength / 10 * draw[1]
    changed = amounts * factor[..., None, None] + shift[..., None, None]
    return torch.exp(-torch.einsum("nshw,sc->nchw", changed, stains)).clamp(0, 1)
