"""A predicted mask -> a few numbers on the number, size and shape of its lesions."""

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

FINEST = 64
"""Voxels of a side at which lesions are counted; finer masks are halved first."""

LEAST_VOXELS = 4
"""Of a lesion, on that grid."""


def shape_width(regions: int) -> int:
    """How many numbers `lesion_shape` gives."""
    return 2 * regions + 4


def lesion_shape(
    inside: Bool[Tensor, "batch regions x y z"],
) -> Float[Tensor, "batch numbers"]:
    """Size of each region and its share of the first; lesions of the first region and their shape.

    In this order: log(1 + voxels) / 10 of each region, its share of the first region, then
    log(1 + lesions), the largest lesion's share, surface over volume^(2/3), divided by the 6 of a
    cube, and the largest lesion's share of the box around it. So all are about 0 to 2, and size
    is kept, which a norm over them would take away. Zeros where the first region is empty. No
    gradient passes through.

    Example:
        >>> inside = torch.zeros(1, 1, 8, 8, 8, dtype=torch.bool)
        >>> inside[0, 0, 1:3, 1:3, 1:3] = True
        >>> inside[0, 0, 5:7, 5:7, 5:7] = True
        >>> [round(v, 2) for v in lesion_shape(inside)[0].tolist()]
        [0.28, 1.0, 1.1, 0.5, 1.26, 1.0]
    """
    voxels = inside.flatten(2).sum(dim=2).float()
    shares = voxels / voxels[:, :1].clamp(min=1)
    first = inside[:, :1].float()
    while max(first.shape[2:]) > FINEST and min(first.shape[2:]) > 1:
        first = functional.max_pool3d(first, 2)
    masks = first[:, 0].bool().cpu().numpy()
    lesions = torch.tensor(np.array([_lesions(mask) for mask in masks]), dtype=torch.float32)
    return torch.cat([voxels.log1p() / 10, shares, lesions.to(voxels)], dim=1)


def _lesions(mask: Bool[np.ndarray, "x y z"]) -> list[float]:
    marked, found = ndimage.label(mask, structure=np.ones((3, 3, 3)))
    sizes = np.bincount(marked.ravel(), minlength=found + 1)[1:]
    counted = int((sizes >= LEAST_VOXELS).sum())
    if not counted:
        return [0.0, 0.0, 0.0, 0.0]
    largest = int(sizes.argmax()) + 1
    box = ndimage.find_objects(marked)[largest - 1]
    filled = sizes[largest - 1] / np.prod([s.stop - s.start for s in box])
    padded = np.pad(mask, 1)
    surface = sum(int(np.abs(np.diff(padded.view(np.int8), axis=axis)).sum()) for axis in range(3))
    return [
        float(np.log1p(counted)),
        float(sizes[largest - 1] / sizes.sum()),
        float(surface / sizes.sum() ** (2 / 3) / 6),
        float(filled),
    ]
