"""The two diameters by which a tumour's response is judged."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy import ndimage
from scipy.spatial.distance import cdist

from fusion.lesions.grid import known_spacing
from fusion.lesions.outline import TINY, corners, hull, widest_chord


@dataclass(frozen=True)
class Diameters:
    """The longest diameter in a plane, and the longest at right angles to it in the same slice."""

    longest_mm: float
    perpendicular_mm: float
    slice_index: int
    """Along the axis that the planes are stacked by."""

    @property
    def product_mm2(self) -> float:
        """What RANO sums over target lesions.

        Example:
            >>> Diameters(30.0, 20.0, 4).product_mm2
            600.0
        """
        return self.longest_mm * self.perpendicular_mm


def diameters(
    mask: Bool[np.ndarray, "x y z"], spacing_mm: Sequence[float] | None, axis: int
) -> Diameters | None:
    """Measure a mask in the planes across an axis; None where it is empty.

    Each connected part of each slice is measured by itself, so that nothing is measured across
    the gap between two. Within a part the lines run between corners of voxels over the convex
    outline: they may cross a hollow or a notch. Of several longest diameters, that with the
    longest perpendicular counts; of several slices, likewise, then the first.

    Args:
        mask: a lesion, or a region of it.
        spacing_mm: of x, y, z.
        axis: of the array, across which the planes lie: `axes_to_ras(affine)[2]` for axial ones.

    Raises:
        ConfigError: where the spacing is not known.

    Source: Wen et al. 2023 (RANO 2.0, JCO 41:5187).

    Example:
        >>> mask = np.zeros((8, 8, 3), dtype=bool)
        >>> mask[1:5, 2:5, 1] = True
        >>> found = diameters(mask, (1.0, 1.0, 4.0), axis=2)
        >>> round(found.longest_mm, 2), round(found.perpendicular_mm, 2), found.slice_index
        (5.0, 3.75, 1)
    """
    spacing = known_spacing(spacing_mm, "a diameter")
    in_plane = np.array([mm for side, mm in enumerate(spacing) if side != axis])
    best: Diameters | None = None
    for index, plane in enumerate(np.moveaxis(mask, axis, 0)):
        if not plane.any():
            continue
        parts, _ = ndimage.label(plane, structure=np.ones((3, 3)))
        for number, box in enumerate(ndimage.find_objects(parts), start=1):
            outline = hull(corners(parts[box] == number) * in_plane)
            longest, perpendicular = _of_outline(outline)
            if best is None or _larger((longest, perpendicular), best):
                best = Diameters(longest, perpendicular, index)
    return best


def _larger(found: tuple[float, float], best: Diameters) -> bool:
    if abs(found[0] - best.longest_mm) > TINY:
        return found[0] > best.longest_mm
    return found[1] > best.perpendicular_mm + TINY


def _of_outline(outline: Float[np.ndarray, "points 2"]) -> tuple[float, float]:
    apart = cdist(outline, outline)
    longest = float(apart.max())
    pairs = np.argwhere(np.triu(apart >= longest - TINY, k=1))
    across = []
    for one, other in pairs:
        along = (outline[other] - outline[one]) / apart[one, other]
        across.append(widest_chord(outline, np.array([-along[1], along[0]]))[0])
    return longest, max(across)
