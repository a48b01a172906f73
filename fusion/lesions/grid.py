"""What a grid of voxels has to tell before anything on it can be measured."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy.optimize import linear_sum_assignment

from fusion.errors import ConfigError

Spacing = tuple[float, float, float]


def known_spacing(spacing_mm: Sequence[float] | None, what: str) -> Spacing:
    """The spacing, if it is one.

    Raises:
        ConfigError: where it is not known, or is not three finite lengths above zero.

    Example:
        >>> known_spacing([1.0, 1.0, 2.5], "a volume")
        (1.0, 1.0, 2.5)
    """
    if spacing_mm is None:
        raise ConfigError(
            f"{what} needs millimetres, and the spacing of the voxels is not known; give "
            "spacing_mm (x, y, z) from the scanner, or keep to counts of voxels"
        )
    found = tuple(float(mm) for mm in spacing_mm)
    if len(found) != 3 or not all(np.isfinite(mm) and mm > 0 for mm in found):
        raise ConfigError(
            f"spacing_mm is {list(found)}, expected three finite lengths above zero (x, y, z)"
        )
    return found[0], found[1], found[2]


def voxel_ml(spacing_mm: Sequence[float] | None) -> float:
    """Volume of a voxel in millilitres.

    Raises:
        ConfigError: as `known_spacing`.

    Example:
        >>> voxel_ml((1.0, 1.0, 5.0))
        0.005
    """
    return float(np.prod(known_spacing(spacing_mm, "a volume"))) / 1000


def axes_to_ras(affine: Float[np.ndarray, "4 4"]) -> tuple[int, int, int]:
    """Axes of the array that run closest to right-left, anterior-posterior, superior-inferior.

    Raises:
        ConfigError: for an affine that is not finite or is singular.

    Example:
        >>> axes_to_ras(np.array([[0, 0, 2, 0], [-1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1.0]]))
        (2, 0, 1)
    """
    directions = np.asarray(affine, dtype=np.float64)[:3, :3]
    lengths = np.linalg.norm(directions, axis=0)
    with np.errstate(all="ignore"):
        volume = abs(np.linalg.det(directions)) / np.prod(lengths)
    if not np.isfinite(affine).all() or not volume > 1e-3:
        raise ConfigError(
            f"the affine {np.asarray(affine).tolist()} is singular or not finite; read it anew "
            "from the image's header"
        )
    _, axes = linear_sum_assignment(-np.abs(directions / lengths))
    return int(axes[0]), int(axes[1]), int(axes[2])


def check_grid(affine: Float[np.ndarray, "4 4"], spacing_mm: Sequence[float]) -> None:
    """See that affine and spacing speak of one grid, to a hundredth.

    Raises:
        ConfigError: where they do not, or the affine is singular.
    """
    axes_to_ras(affine)
    lengths = np.linalg.norm(np.asarray(affine, dtype=np.float64)[:3, :3], axis=0)
    spacing = known_spacing(spacing_mm, "a grid")
    if np.abs(lengths / spacing - 1).max() > 0.01:
        raise ConfigError(
            f"spacing_mm is {list(spacing)}, but the affine has voxels of "
            f"{lengths.round(4).tolist()} mm; take both from one image"
        )


def to_ras_mm(
    index: Float[np.ndarray, "points 3"], affine: Float[np.ndarray, "4 4"]
) -> Float[np.ndarray, "points 3"]:
    """Places in millimetres, to the patient's right, front and head.

    Example:
        >>> to_ras_mm(np.array([[1.0, 0.0, 2.0]]), np.diag([2.0, 2.0, 3.0, 1.0])).tolist()
        [[2.0, 0.0, 6.0]]
    """
    return index @ np.asarray(affine, dtype=np.float64)[:3, :3].T + affine[:3, 3]
