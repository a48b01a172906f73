"""Where training looks: a box of fixed shape inside a prepared volume."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Integer, UInt8

Box = tuple[slice, slice, slice]


def draw_box(
    shape: Sequence[int],
    patch: Sequence[int],
    rng: np.random.Generator,
    *,
    outlined: UInt8[np.ndarray, "x y z"] | None,
    foreground: float,
) -> Box:
    """A box anywhere in the volume or, with some probability, one that holds tumour.

    Args:
        shape: Of the volume.
        patch: Of the box; nowhere larger than the volume.
        rng: Where all randomness comes from.
        outlined: Not 0 where somebody outlined tumour.
        foreground: Probability of a box around a voxel of tumour that is drawn at random; a
            tumour of few voxels is then seen as often as a large one (nnU-Net, Isensee 2021).

    Example:
        >>> outlined = np.zeros((8, 8, 8), dtype=np.uint8)
        >>> outlined[7, 0, 3] = 1
        >>> rng = np.random.default_rng(0)
        >>> draw_box((8, 8, 8), (2, 2, 8), rng, outlined=outlined, foreground=1.0)
        (slice(6, 8, None), slice(0, 2, None), slice(0, 8, None))
    """
    room = [have - want for have, want in zip(shape, patch, strict=True)]
    start = [int(rng.integers(0, n + 1)) for n in room]
    wanted = rng.random() < foreground
    if wanted and outlined is not None:
        # counted plane by plane: a list of all voxels of a tumour would take most of the time
        planes = np.array([np.count_nonzero(plane) for plane in outlined])
        if planes.any():
            seed = _voxel(outlined, planes, int(rng.choice(int(planes.sum()))))
            # the voxel may lie anywhere in the box, so that its place tells nothing
            start = [
                int(np.clip(voxel - rng.integers(0, want), 0, most))
                for voxel, want, most in zip(seed, patch, room, strict=True)
            ]
    x, y, z = (slice(low, low + want) for low, want in zip(start, patch, strict=True))
    return x, y, z


def _voxel(
    outlined: UInt8[np.ndarray, "x y z"], planes: Integer[np.ndarray, " x"], number: int
) -> tuple[int, int, int]:
    """The voxel with that number among those that are not 0, in their order in memory."""
    ends = np.cumsum(planes)
    x = int(np.searchsorted(ends, number, side="right"))
    flat = np.flatnonzero(outlined[x])[number - (ends[x] - planes[x])]
    y, z = divmod(int(flat), outlined.shape[2])
    return x, y, z
