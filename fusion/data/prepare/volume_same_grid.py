"""Whether files lie on one grid; it is never assumed."""

from collections.abc import Sequence

import numpy as np

from fusion.data.readers.volume import VolumeFile
from fusion.errors import ReadError

GRID_TOLERANCE_MM = 1e-3
"""How far the affines of two sequences may differ, entry by entry: rounding of the header."""


def same_grid(one: VolumeFile, other: VolumeFile) -> bool:
    """Whether two files have as many voxels, in the same places."""
    return (
        one.array.shape == other.array.shape
        and one.units_known == other.units_known
        and bool(np.abs(one.affine - other.affine).max() <= GRID_TOLERANCE_MM)
    )


def check_grids(patient: str, images: Sequence[VolumeFile], mask: VolumeFile | None) -> None:
    """See that a patient's images, and the mask where there is one, lie on the first one's grid.

    Raises:
        ReadError: for the first that does not, with both grids.
    """
    first, *others = images
    for other in [*others, *([mask] if mask else [])]:
        if not same_grid(first, other):
            fix = (
                "resample the mask onto the grid of the images, nearest neighbour"
                if other is mask
                else "register the patient's sequences to one grid first"
            )
            raise ReadError(
                other.path,
                f"its grid is {shown(other)}, but that of {first.path.name} is {shown(first)}; "
                f"{fix} (scripts/prepare_mri.py does so)",
                patient,
            )


def shown(file: VolumeFile) -> str:
    """The grid in words, for messages."""
    rows = "; ".join(" ".join(f"{value:.4g}" for value in row) for row in file.affine[:3])
    known = f"affine [{rows}]" if file.units_known else "no affine"
    return f"{'x'.join(map(str, file.array.shape))}, {known}"
