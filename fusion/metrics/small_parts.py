"""Connected parts of a mask that are too small to be believed."""

import numpy as np
from jaxtyping import Bool

from fusion.metrics.lesions import components


def without_small(
    mask: Bool[np.ndarray, "x y z"], least_voxels: float
) -> Bool[np.ndarray, "x y z"]:
    """The mask without connected parts of fewer voxels; parts that touch by a corner are one.

    Example:
        >>> mask = np.array([1, 0, 1, 1, 0], dtype=bool).reshape(1, 1, 5)
        >>> without_small(mask, 2.0)[0, 0].tolist()
        [False, False, True, True, False]
    """
    marked, count = components(mask)
    keep = np.bincount(marked.ravel(), minlength=count + 1) >= least_voxels
    keep[0] = False
    return keep[marked]
