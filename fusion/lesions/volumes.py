"""How large the regions of a tumour are."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool

from fusion.errors import ConfigError
from fusion.lesions.grid import voxel_ml


def check_masks(masks: Bool[np.ndarray, "regions x y z"], regions: Sequence[str]) -> None:
    """See that there is one mask per region, each named once.

    Raises:
        ConfigError: where not.
    """
    if len(masks) != len(regions) or len(set(regions)) < len(regions) or not len(regions):
        raise ConfigError(
            f"{len(masks)} masks for the regions {list(regions)}; give one mask per region, and "
            "each name once, the whole tumour first"
        )


def region_voxels(
    masks: Bool[np.ndarray, "regions x y z"], regions: Sequence[str]
) -> dict[str, int]:
    """Voxels of each region.

    Raises:
        ConfigError: where masks and names do not fit.

    Example:
        >>> region_voxels(np.ones((1, 2, 2, 2), dtype=bool), ["WT"])
        {'WT': 8}
    """
    check_masks(masks, regions)
    return {name: int(mask.sum()) for name, mask in zip(regions, masks, strict=True)}


def region_volumes_ml(
    masks: Bool[np.ndarray, "regions x y z"],
    regions: Sequence[str],
    spacing_mm: Sequence[float] | None,
) -> dict[str, float]:
    """Volume of each region in millilitres, by counting voxels.

    Raises:
        ConfigError: where the spacing is not known, or masks and names do not fit.

    Example:
        >>> region_volumes_ml(np.ones((1, 10, 10, 10), dtype=bool), ["WT"], (1.0, 1.0, 2.0))
        {'WT': 2.0}
    """
    voxel = voxel_ml(spacing_mm)
    return {name: count * voxel for name, count in region_voxels(masks, regions).items()}
