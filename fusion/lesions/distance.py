"""How far a tumour lies from a structure, such as the motor cortex or a ventricle."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import distance_transform_edt

from fusion.lesions.grid import known_spacing, voxel_ml


@dataclass(frozen=True)
class StructureDistance:
    """Between a tumour and a structure."""

    nearest_mm: float
    """From the structure to the tumour's nearest voxel; below 0 where the tumour is inside: then
    how deep."""
    overlap_ml: float
    """Of the tumour within the structure."""


def signed_distances_mm(
    structure: Bool[np.ndarray, "x y z"], spacing_mm: Sequence[float] | None
) -> Float[np.ndarray, "x y z"]:
    """Of every voxel from a structure: above 0 outside, below 0 inside.

    Between centres of voxels: outside to the nearest voxel of the structure, inside to the nearest
    that is not of it. So it is never 0, and neighbours differ by two voxels across the border.
    What lies outside the array is not looked at.

    Raises:
        ConfigError: where the spacing is not known.
        ValueError: for a structure that is empty or fills the whole array.

    Example:
        >>> structure = np.array([False, False, True, True]).reshape(4, 1, 1)
        >>> signed_distances_mm(structure, (2.0, 1.0, 1.0)).ravel().tolist()
        [4.0, 2.0, -2.0, -4.0]
    """
    spacing = known_spacing(spacing_mm, "a distance")
    if not structure.any() or structure.all():
        found = "empty" if not structure.any() else "the whole array"
        raise ValueError(
            f"the structure is {found}, so that nothing has a distance from it; check that it is "
            "on the tumour's grid and has the label you asked for"
        )
    outside = distance_transform_edt(~structure, sampling=spacing)
    inside = distance_transform_edt(structure, sampling=spacing)
    return outside - inside


def structure_distance(
    tumour: Bool[np.ndarray, "x y z"],
    structure: Bool[np.ndarray, "u v w"],
    spacing_mm: Sequence[float] | None,
) -> StructureDistance | None:
    """How near a tumour comes to a structure; None where there is no tumour.

    Raises:
        ConfigError: where the spacing is not known.
        ValueError: for masks of different shapes, and as `signed_distances_mm`.

    Example:
        >>> tumour, structure = np.zeros((2, 6, 3, 3), dtype=bool)
        >>> tumour[0:2], structure[4:6] = True, True
        >>> structure_distance(tumour, structure, (1.5, 1.0, 1.0))
        StructureDistance(nearest_mm=4.5, overlap_ml=0.0)
    """
    if tumour.shape != structure.shape:
        raise ValueError(
            f"a tumour on {tumour.shape} voxels and a structure on {structure.shape}; bring both "
            "to one grid first"
        )
    field = signed_distances_mm(structure, spacing_mm)
    if not tumour.any():
        return None
    overlap = int((tumour & structure).sum()) * voxel_ml(spacing_mm)
    return StructureDistance(float(field[tumour].min()), overlap)
