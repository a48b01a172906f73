"""From a prepared box back to the voxels of the file that it was made of."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, UInt8
from scipy import ndimage

from fusion.data.label_scheme import SCHEMES

PAINTED = ("WT", "TC", "ET", "RC")
"""Regions that become labels, each over those before it."""


def to_native(
    values: Float32[np.ndarray, "x y z"], meta: Mapping[str, Any]
) -> Float32[np.ndarray, "u v w"]:
    """Linear interpolation onto the file's grid, 0 outside the box.

    Args:
        values: On the prepared grid.
        meta: `affine`, `native_affine` and `native_shape` of the cache's entry.

    Example:
        >>> meta = {"affine": np.diag([2.0, 2, 2, 1]).tolist(), "native_shape": [1, 1, 3],
        ...         "native_affine": np.eye(4).tolist()}
        >>> to_native(np.array([[[0, 1]]], dtype=np.float32), meta).tolist()
        [[[0.0, 0.5, 1.0]]]
    """
    move = np.linalg.solve(np.array(meta["affine"]), np.array(meta["native_affine"]))
    shape = tuple(meta["native_shape"])
    near = ndimage.affine_transform(
        values, move[:3, :3], move[:3, 3], output_shape=shape, order=1, mode="nearest"
    )
    # half a voxel beyond the last centre still belongs to the box, and no more
    inside = ndimage.affine_transform(
        np.ones(values.shape, dtype=np.uint8),
        move[:3, :3],
        move[:3, 3],
        output_shape=shape,
        order=0,
        mode="grid-constant",
    )
    return near * inside


def paint(
    masks: Bool[np.ndarray, "regions x y z"], regions: Sequence[str]
) -> tuple[UInt8[np.ndarray, "x y z"], str]:
    """Regions that lie within each other -> labels, and the name of their scheme.

    What lies in an inner region lies in the outer ones too, whatever their masks say.

    Example:
        >>> masks = np.array([[1, 1, 1], [0, 1, 1], [0, 0, 1]], dtype=bool).reshape(3, 1, 1, 3)
        >>> labels, scheme = paint(masks, ("WT", "TC", "ET"))
        >>> labels.tolist(), scheme
        ([[[2, 1, 3]]], 'brats_2023')
    """
    if tuple(regions) == ("WT",):
        scheme = "whole_tumour"
        names = {"WT": "tumour"}
    else:
        scheme = "brats_post_treatment" if "RC" in regions else "brats_2023"
        names = {"WT": "SNFH", "TC": "NETC", "ET": "ET", "RC": "RC"}
    numbers = {compartment: label for label, compartment in SCHEMES[scheme].labels.items()}
    labels = np.zeros(masks.shape[1:], dtype=np.uint8)
    for region in PAINTED:
        if region in regions:
            labels[masks[list(regions).index(region)]] = numbers[names[region]]
    return labels, scheme
