"""The grids on which tissue is looked for, in microns and the same for every slide."""

from math import ceil

import cv2
import numpy as np
from jaxtyping import Bool, Int32, UInt, UInt8
from PIL import Image

MASK_MPP = 8.0
"""Side of a mask pixel in microns."""

ARTEFACT_MPP = 2 * MASK_MPP
"""The same where ink and folds are looked for: both are wide."""


def grid_shape(size_um: tuple[float, float]) -> tuple[int, int]:
    """Rows and columns of the mask of a slide of this width and height.

    Example:
        >>> grid_shape((80.0, 17.0))
        (3, 10)
    """
    width, height = (ceil(side / MASK_MPP - 1e-6) for side in size_um)
    return height, width


def halved(image: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "_ _ 3"]:
    """From `MASK_MPP` to `ARTEFACT_MPP`: means of 2 x 2 pixels, of fewer at the end."""
    height, width = image.shape[:2]
    if height % 2 or width % 2:
        return np.asarray(Image.fromarray(image).reduce(2))
    return np.asarray(cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA))


def doubled(
    mask: Bool[np.ndarray, "_ _"], like: tuple[int, int]
) -> Bool[np.ndarray, "height width"]:
    """Back to `MASK_MPP`, with as many rows and columns as `like` says.

    Example:
        >>> doubled(np.array([[True, False]]), (1, 3)).tolist()
        [[True, True, False]]
    """
    height, width = like
    return mask.repeat(2, axis=1).repeat(2, axis=0)[:height, :width]


def around(values: UInt[np.ndarray, "h w"]) -> UInt[np.ndarray, "h w"]:
    """Sums of 3 x 3 pixels; the last row and column are repeated beyond the edge.

    Args:
        values: small enough for their sums to be of the same type.

    Example:
        >>> around(np.array([[1, 0, 0]], dtype=np.uint8)).tolist()
        [[6, 3, 0]]
    """
    total = cv2.boxFilter(values, -1, (3, 3), normalize=False, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(total)


def pieces_of(mask: Bool[np.ndarray, "h w"]) -> Int32[np.ndarray, "h w"]:
    """A number from 1 for each piece, 0 elsewhere; pixels that touch by a side are one piece.

    Example:
        >>> pieces_of(np.array([[True, False], [False, True]])).max()
        np.int32(2)
    """
    return np.asarray(cv2.connectedComponents(mask.view(np.uint8), connectivity=4)[1])


def large_pieces(
    mask: Bool[np.ndarray, "h w"], area_um2: float, mpp: float
) -> Bool[np.ndarray, "h w"]:
    """Only pieces of at least this area; pixels that touch by a side are one piece.

    Example:
        >>> large_pieces(np.array([[True, True, False, True]]), 100.0, mpp=8.0).tolist()
        [[True, True, False, False]]
    """
    pieces = pieces_of(mask)
    large = np.bincount(pieces.ravel()) * mpp**2 >= area_um2
    large[0] = False
    return np.asarray(large.take(pieces))
