"""On which side of the midline a tumour lies, and whether it crosses it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from fusion.errors import ConfigError
from fusion.lesions.grid import axes_to_ras, to_ras_mm

ONE_SIDED = 0.95
"""From this share of the volume on, a tumour lies on one side."""


@dataclass(frozen=True)
class Midline:
    """The plane between left and right."""

    point_mm: tuple[float, float, float]
    """Any point of it, in RAS."""
    to_right: tuple[float, float, float]
    """A vector across it towards the patient's right; of any length."""

    def __post_init__(self) -> None:
        if not all(map(np.isfinite, (*self.point_mm, *self.to_right))) or self.to_right[0] <= 0:
            raise ConfigError(
                f"a midline through {self.point_mm} with the normal {self.to_right}: expected "
                "finite numbers, and a normal that points to the patient's right (x above 0 in RAS)"
            )


TEMPLATE_MIDLINE = Midline((0.0, 0.0, 0.0), (1.0, 0.0, 0.0))
"""x = 0 in RAS: the midline of images registered to a symmetric template such as MNI152, not of
images as the scanner placed them."""


LEAST_SHARE = 0.2
"""So much of a whole image lies on either side of its midline, at least."""


@dataclass(frozen=True)
class Side:
    """How a tumour is shared out between the sides."""

    left_share: float
    """Of the volume; a voxel whose centre lies on the plane counts half."""
    left_reach_mm: float
    """From the midline to the farthest voxel's centre; 0 where nothing lies there."""
    right_reach_mm: float
    centre_mm: float
    """Signed distance of the centroid from the midline, above 0 on the right."""

    @property
    def side(self) -> Literal["left", "right", "both"]:
        """By the share of the volume.

        Example:
            >>> Side(0.96, 40.0, 2.0, -20.0).side, Side(0.5, 9.0, 9.0, 0.0).side
            ('left', 'both')
        """
        if self.left_share >= ONE_SIDED:
            return "left"
        return "right" if 1 - self.left_share >= ONE_SIDED else "both"

    def crosses(self, least_reach_mm: float) -> bool:
        """Whether it reaches at least so far to both sides.

        Example:
            >>> Side(0.96, 40.0, 2.0, -20.0).crosses(3.0)
            False
        """
        return min(self.left_reach_mm, self.right_reach_mm) >= least_reach_mm


def side_of(
    mask: Bool[np.ndarray, "x y z"], affine: Float[np.ndarray, "4 4"], midline: Midline
) -> Side | None:
    """Measure a mask against a midline; None where it is empty.

    Raises:
        ConfigError: for an affine that is singular or not finite.

    Example:
        >>> affine = np.eye(4)
        >>> affine[0, 3] = -1.0
        >>> side_of(np.ones((2, 1, 1), dtype=bool), affine, TEMPLATE_MIDLINE)
        Side(left_share=0.75, left_reach_mm=1.0, right_reach_mm=0.0, centre_mm=-0.5)
    """
    axes_to_ras(affine)
    if not mask.any():
        return None
    normal = np.array(midline.to_right) / np.linalg.norm(midline.to_right)
    places = to_ras_mm(np.argwhere(mask).astype(np.float64), affine)
    far = (places - np.array(midline.point_mm)) @ normal
    # rounding must not put a voxel beside a plane that goes through its centre
    far[np.abs(far) < 1e-6] = 0.0
    left = float((far < 0).mean() + (far == 0).mean() / 2)
    return Side(left, float(max(0.0, -far.min())), float(max(0.0, far.max())), float(far.mean()))


def check_midline(
    shape: tuple[int, ...], affine: Float[np.ndarray, "4 4"], midline: Midline
) -> None:
    """See that a midline divides the image of a whole head.

    Many images on a template have an origin in a corner (BraTS: x = 0 is the edge of the array),
    and x = 0 is no midline there.

    Args:
        shape: of the array, in voxels.
        affine: index to millimetres in RAS.
        midline: where left and right are said to meet.

    Raises:
        ConfigError: where less than a fifth of the image lies on one side.
    """
    coarse = np.stack(np.meshgrid(*(np.linspace(0, n - 1, 11) for n in shape)), axis=-1)
    far = to_ras_mm(coarse.reshape(-1, 3), affine) - np.array(midline.point_mm)
    right = float((far @ np.array(midline.to_right) > 0).mean())
    if not LEAST_SHARE <= right <= 1 - LEAST_SHARE:
        raise ConfigError(
            f"the midline through {midline.point_mm} leaves {right:.0%} of the image on the "
            "right; x = 0 is the midline only where the origin lies in the middle of the head: "
            "give the plane of this image, or none"
        )
