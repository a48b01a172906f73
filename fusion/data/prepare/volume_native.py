"""From a prepared box back to the voxels of the file that it was made of."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, UInt8
from scipy import ndimage

from fusion.data.label_scheme import REGIONS, SCHEMES, LabelScheme, label_scheme, region_masks
from fusion.errors import ConfigError

INNERMOST = ("RC", "CC", "ET", "NETC", "TC", "SNFH", "WT")
"""Where masks contradict each other, the region that comes first here is believed."""

COMMON = ("SNFH", "NETC", "ET", "CC", "RC", "tumour")
"""Which compartment a voxel gets where several would read back the same."""


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
    """Regions -> labels, and the name of their scheme: read again, they give the same regions.

    What lies in an inner region lies in the outer ones too, whatever their masks say. The scheme
    may have compartments that nobody asked for; of those the labels say nothing.

    Raises:
        ConfigError: for regions that no scheme has together.

    Example:
        >>> masks = np.array([[1, 1, 1], [0, 1, 1], [0, 0, 1]], dtype=bool).reshape(3, 1, 1, 3)
        >>> labels, scheme = paint(masks, ("WT", "TC", "ET"))
        >>> labels.tolist(), scheme
        ([[[2, 1, 3]]], 'brats_2023')
    """
    scheme = _scheme_of(regions)
    bits = np.zeros(masks.shape[1:], dtype=np.uint8)
    for bit, mask in enumerate(masks):
        bits |= mask.astype(np.uint8) << bit
    table = np.array(
        [_label(value, scheme, regions) for value in range(2 ** len(regions))], dtype=np.uint8
    )
    return table[bits], scheme.name


def nested(
    masks: Bool[np.ndarray, "regions x y z"], regions: Sequence[str]
) -> Bool[np.ndarray, "regions x y z"]:
    """Masks in which what lies in an inner region lies in the outer ones too, as in `paint`'s.

    Example:
        >>> masks = np.array([[0, 1], [1, 0]], dtype=bool).reshape(2, 1, 1, 2)
        >>> nested(masks, ("WT", "TC")).reshape(2, 2).tolist()
        [[True, True], [True, False]]
    """
    labels, scheme = paint(masks, regions)
    return region_masks(labels, label_scheme(scheme), regions)


def _scheme_of(regions: Sequence[str]) -> LabelScheme:
    if tuple(regions) == ("WT",):
        return SCHEMES["whole_tumour"]
    if {"RC", "CC"} <= set(regions):
        raise ConfigError(
            f"regions {list(regions)}: no label scheme has both RC and CC, so that they cannot "
            "be written as one mask; leave one of them out"
        )
    if "CC" in regions:
        return SCHEMES["brats_ped"]
    return SCHEMES["brats_post_treatment" if "RC" in regions else "brats_2023"]


def _label(bits: int, scheme: LabelScheme, regions: Sequence[str]) -> int:
    """The label of voxels that lie in these regions: within the innermost, with least to change."""
    inside = {region for bit, region in enumerate(regions) if bits >> bit & 1}
    if not inside:
        return 0
    inner = min(inside, key=INNERMOST.index)

    def changed(label: int) -> tuple[int, int]:
        part = scheme.labels[label]
        wrong = sum((part in REGIONS[region]) != (region in inside) for region in regions)
        return wrong, COMMON.index(part)

    return min((n for n, part in scheme.labels.items() if part in REGIONS[inner]), key=changed)
