"""How far two masks are the same."""

import numpy as np
from jaxtyping import Bool


def dice(predicted: Bool[np.ndarray, "*shape"], truth: Bool[np.ndarray, "*shape"]) -> float:
    """Twice the common voxels over the sum of both.

    Where both are empty it is 1: nothing was to be found and nothing was. Where one is, it is 0.

    Raises:
        ValueError: for masks of different shapes.

    Source: Dice 1945; conventions as in BraTS 2023.

    Example:
        >>> one, other = np.array([True, True, False]), np.array([True, False, False])
        >>> round(dice(one, other), 3), dice(other & False, one & False), dice(one, one & False)
        (0.667, 1.0, 0.0)
    """
    same_shape(predicted, truth)
    sizes = int(predicted.sum()) + int(truth.sum())
    return 2 * int((predicted & truth).sum()) / sizes if sizes else 1.0


def same_shape(predicted: np.ndarray, truth: np.ndarray) -> None:
    """See that two masks lie on one grid.

    Raises:
        ValueError: where they do not.
    """
    if predicted.shape != truth.shape:
        raise ValueError(
            f"a mask of {predicted.shape} voxels against one of {truth.shape}; bring both to one "
            "grid first"
        )
