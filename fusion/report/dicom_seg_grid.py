"""The same voxels with the axes in another order: from a NIfTI grid to a DICOM series and back."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64

from fusion.errors import ReadError

TOLERANCE_VOXELS = 0.1
"""So far may a corner lie from where it should: decimal strings and float32 round, a tenth of a
voxel is beyond what they can."""


@dataclass(frozen=True)
class Grid:
    """Where the voxels of an image lie."""

    shape: tuple[int, int, int]
    affine: Float64[np.ndarray, "4 4"]
    """Voxel index -> millimetres in RAS+ space."""

    def __str__(self) -> str:
        size = " x ".join(map(str, self.shape))
        edges = np.linalg.norm(self.affine[:3, :3], axis=0)
        spacing = " x ".join(f"{edge:.4g}" for edge in edges)
        first = ", ".join(f"{place:.2f}" for place in self.affine[:3, 3])
        axes = "; ".join(
            " ".join(f"{part:.3f}" for part in axis)
            for axis in (self.affine[:3, :3] / np.where(edges > 0, edges, 1)).T
        )
        return f"{size} voxels of {spacing} mm, the first at ({first}) mm RAS, axes ({axes})"


def regrid(
    masks: Bool[np.ndarray, "regions x y z"], here: Grid, there: Grid, path: Path
) -> Bool[np.ndarray, "regions x2 y2 z2"]:
    """Reorder and flip axes so that voxels lie on `there`; nothing is resampled.

    Args:
        masks: on `here`.
        here: their grid.
        there: the one wanted.
        path: what a refusal names.

    Raises:
        ReadError: where the two grids are not the same voxels.

    Example:
        >>> here = Grid((1, 1, 2), np.eye(4))
        >>> there = Grid((1, 1, 2), np.array(
        ...     [[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, 1], [0, 0, 0, 1]]))
        >>> regrid(np.array([[[[True, False]]]]), here, there, Path("P1/T1c")).tolist()
        [[[[False, True]]]]
    """
    if masks.shape[1:] != here.shape:
        raise ReadError(path, f"masks of {masks.shape[1:]} voxels were given with a grid of {here}")
    if abs(np.linalg.det(there.affine[:3, :3])) < 1e-9 or not np.isfinite(here.affine).all():
        raise _differ(here, there, path)
    move = np.linalg.solve(there.affine, here.affine)  # index here -> index there
    order = np.abs(move[:3, :3]).argmax(axis=1)  # the axis of `here` behind each axis of `there`
    if sorted(order) != [0, 1, 2] or tuple(here.shape[i] for i in order) != there.shape:
        raise _differ(here, there, path)
    exact = np.eye(4)
    exact[:3] = 0
    for axis, source in enumerate(order):
        flipped = move[axis, source] < 0
        exact[axis, source] = -1 if flipped else 1
        exact[axis, 3] = there.shape[axis] - 1 if flipped else 0
    ends = [(0, n - 1) for n in here.shape]
    corners = np.array([[*corner, 1] for corner in np.stack(np.meshgrid(*ends), -1).reshape(-1, 3)])
    if np.abs(corners @ (move - exact).T).max() > TOLERANCE_VOXELS:
        raise _differ(here, there, path)
    moved = masks.transpose(0, *(order + 1))
    flips = tuple(slice(None, None, int(exact[axis, order[axis]])) for axis in range(3))
    return np.ascontiguousarray(moved[(slice(None), *flips)])


def _differ(here: Grid, there: Grid, path: Path) -> ReadError:
    return ReadError(
        path,
        f"the grids differ: the masks have {here}; wanted are {there}. Nothing is resampled here: "
        "outline the series itself, or bring the mask onto its grid first",
    )
