"""The lesions of a patient, largest first."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import ndimage

from fusion.lesions.diameters import Diameters, diameters
from fusion.lesions.grid import axes_to_ras, check_grid, to_ras_mm, voxel_ml
from fusion.lesions.volumes import check_masks
from fusion.metrics.lesions import components

Box = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Lesion:
    """A connected part of the whole tumour, and the regions within it."""

    number: int
    """From 1 on, the largest first; as in `numbered`."""
    voxels: dict[str, int]
    """Of each region."""
    box: Box
    """First voxel, and the one behind the last, along x, y and z."""
    volumes_ml: dict[str, float] | None
    """None, as all below, where the spacing is not known."""
    diameters: dict[str, Diameters | None] | None
    """In axial planes; None of a region that is not there."""
    centroid_ras_mm: tuple[float, float, float] | None
    """Mean of the voxels' centres: to the patient's right, front and head."""


def numbered(mask: Bool[np.ndarray, "x y z"]) -> tuple[Int[np.ndarray, "x y z"], int]:
    """Number of each voxel's lesion, the largest being 1, and how many there are.

    Voxels that touch by a face, an edge or a corner belong together; of two of one size, the
    one that comes first in the array is first.

    Example:
        >>> mask = np.zeros((5, 1, 1), dtype=bool)
        >>> mask[[0, 2, 3]] = True
        >>> numbered(mask)[0].ravel().tolist()
        [2, 0, 1, 1, 0]
    """
    parts, count = components(mask)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    rank = np.zeros(count + 1, dtype=np.int64)
    rank[1 + np.argsort(-sizes, kind="stable")] = np.arange(1, count + 1)
    return rank[parts], count


def lesions(
    masks: Bool[np.ndarray, "regions x y z"],
    regions: Sequence[str],
    affine: Float[np.ndarray, "4 4"],
    spacing_mm: Sequence[float] | None,
) -> list[Lesion]:
    """Every lesion of the first region, the whole tumour, largest first.

    A voxel of another region that lies outside the whole tumour belongs to no lesion.

    Args:
        masks: one per region, on one grid.
        regions: their names.
        affine: index to millimetres in RAS; not looked at where the spacing is not known.
        spacing_mm: None where it is not known: then voxels only.

    Raises:
        ConfigError: where masks and names, or affine and spacing, do not fit.
    """
    check_masks(masks, regions)
    if spacing_mm is not None:
        check_grid(affine, spacing_mm)
    marked, _ = numbered(masks[0])
    found = []
    for number, box in enumerate(ndimage.find_objects(marked), start=1):
        inside = masks[(slice(None), *box)] & (marked[box] == number)
        start = np.array([side.start for side in box])
        found.append(_lesion(number, inside, regions, start, affine, spacing_mm))
    return found


def _lesion(
    number: int,
    inside: Bool[np.ndarray, "regions x y z"],
    regions: Sequence[str],
    start: Int[np.ndarray, "3"],
    affine: Float[np.ndarray, "4 4"],
    spacing_mm: Sequence[float] | None,
) -> Lesion:
    voxels = {name: int(part.sum()) for name, part in zip(regions, inside, strict=True)}
    low, high = start.tolist(), (start + inside.shape[1:]).tolist()
    box: Box = ((low[0], high[0]), (low[1], high[1]), (low[2], high[2]))
    if spacing_mm is None:
        return Lesion(number, voxels, box, None, None, None)
    axial = axes_to_ras(affine)[2]
    across: dict[str, Diameters | None] = {}
    for name, part in zip(regions, inside, strict=True):
        one = diameters(part, spacing_mm, axial)
        across[name] = one and Diameters(
            one.longest_mm, one.perpendicular_mm, one.slice_index + low[axial]
        )
    middle = np.argwhere(inside[0]).mean(axis=0) + start
    x, y, z = to_ras_mm(middle[None], affine)[0].tolist()
    voxel = voxel_ml(spacing_mm)
    volumes = {name: count * voxel for name, count in voxels.items()}
    return Lesion(number, voxels, box, volumes, across, (x, y, z))
