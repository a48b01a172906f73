"""Where voxels lie: orientation, spacing, and a box cut around a point in millimetres."""

from collections.abc import Iterable, Sequence

import nibabel as nib
import numpy as np
import torch
from jaxtyping import Bool, Float32, Float64, Shaped
from monai.data import MetaTensor
from monai.transforms import Spacing
from scipy.ndimage import gaussian_filter

Image = Float32[np.ndarray, "x y z"]
Moved = Float32[np.ndarray, "u v w"]
Affine = Float64[np.ndarray, "4 4"]
Box = tuple[slice, slice, slice]


def to_ras(image: Image, affine: Affine) -> tuple[Moved, Affine]:
    """Swap and flip axes so that they run to the right, to the front and up: a view, no copy."""
    turn = nib.io_orientation(affine)
    moved = nib.apply_orientation(image, turn)
    return moved, affine @ nib.orientations.inv_ornt_aff(turn, image.shape)


def bounds(inside: Bool[np.ndarray, "x y z"]) -> Box | None:
    """The smallest box that holds all that is True; None where nothing is.

    Example:
        >>> bounds(np.array([[[False, True, True, False]]]))
        (slice(0, 1, None), slice(0, 1, None), slice(1, 3, None))
    """
    plane, other = np.any(inside, axis=2), np.any(inside, axis=0)
    found = []
    for line in (np.any(plane, axis=1), np.any(plane, axis=0), np.any(other, axis=0)):
        where = np.flatnonzero(line)
        if not len(where):
            return None
        found.append(slice(int(where[0]), int(where[-1]) + 1))
    x, y, z = found
    return x, y, z


def whole(shape: Sequence[int]) -> Box:
    """The box of a whole image."""
    x, y, z = (slice(0, n) for n in shape)
    return x, y, z


def around(boxes: Iterable[Box]) -> Box:
    """The smallest box that holds several.

    Example:
        >>> around([(slice(0, 2), slice(3, 4), slice(1, 2)), whole((1, 4, 1))])
        (slice(0, 2, None), slice(0, 4, None), slice(0, 2, None))
    """
    x, y, z = (
        slice(min(side.start for side in sides), max(side.stop for side in sides))
        for sides in zip(*boxes, strict=True)
    )
    return x, y, z


def fits(affine: Affine, spacing_mm: Sequence[float] | None) -> bool:
    """Whether the grid has that spacing already; None asks for no other."""
    if spacing_mm is None:
        return True
    ratio = np.asarray(spacing_mm) / np.linalg.norm(affine[:3, :3], axis=0)
    return bool(np.abs(ratio - 1).max() < 1e-4)


def resample(image: Image, affine: Affine, spacing_mm: Sequence[float]) -> tuple[Moved, Affine]:
    """Linear, after a Gaussian where the grid gets coarser, so that nothing aliases."""
    if fits(affine, spacing_mm):
        return image, affine
    ratio = np.asarray(spacing_mm) / np.linalg.norm(affine[:3, :3], axis=0)
    smooth = gaussian_filter(image, sigma=np.maximum(0, (ratio - 1) / 2), mode="nearest")
    return _spaced(smooth, affine, spacing_mm, "bilinear")


def resample_labels(
    labels: Image, affine: Affine, spacing_mm: Sequence[float]
) -> tuple[Moved, Affine]:
    """Nearest, so that no label is made up."""
    if fits(affine, spacing_mm):
        return labels, affine
    return _spaced(labels, affine, spacing_mm, "nearest")


def to_index(point_mm: Float64[np.ndarray, "3"], affine: Affine) -> Float64[np.ndarray, "3"]:
    """Millimetres -> voxel index, not rounded."""
    return np.linalg.solve(affine, np.append(point_mm, 1.0))[:3]


def to_mm(index: Float64[np.ndarray, "3"], affine: Affine) -> Float64[np.ndarray, "3"]:
    """Voxel index -> millimetres.

    Example:
        >>> to_mm(np.array([1.0, 0.0, 0.0]), np.diag([2.0, 2.0, 2.0, 1.0])).tolist()
        [2.0, 0.0, 0.0]
    """
    return (affine @ np.append(index, 1.0))[:3]


def cut(
    image: Shaped[np.ndarray, "x y z"], centre: Float64[np.ndarray, "3"], shape: Sequence[int]
) -> Shaped[np.ndarray, "u v w"]:
    """The box of that shape around a voxel index, with zeros where it leaves the image.

    Example:
        >>> cut(np.arange(1, 6).reshape(1, 1, 5), np.array([0.0, 0.0, 4.0]), (1, 1, 4)).tolist()
        [[[3, 4, 5, 0]]]
    """
    start = corner(centre, shape)
    result = np.zeros(tuple(shape), dtype=image.dtype)
    source, target = [], []
    for first, wanted, size in zip(start, shape, image.shape, strict=True):
        low, high = min(max(first, 0), size), max(min(first + wanted, size), 0)
        source.append(slice(low, max(low, high)))
        target.append(slice(low - first, max(low, high) - first))
    result[tuple(target)] = image[tuple(source)]
    return result


def corner(centre: Float64[np.ndarray, "3"], shape: Sequence[int]) -> list[int]:
    """Index of the first voxel of the box that `cut` takes."""
    # the centre of n voxels lies at (n - 1) / 2; the nudge lets a half fall the same way always
    return [int(np.floor(c - (n - 1) / 2 + 0.5 - 1e-6)) for c, n in zip(centre, shape, strict=True)]


def _spaced(
    image: Image, affine: Affine, spacing_mm: Sequence[float], mode: str
) -> tuple[Moved, Affine]:
    move = Spacing(pixdim=tuple(spacing_mm), mode=mode, padding_mode="border", dtype=np.float32)
    return _plain(move(_meta(image, affine)))


def _meta(image: Image, affine: Affine) -> MetaTensor:
    return MetaTensor(
        torch.from_numpy(np.ascontiguousarray(image))[None], affine=torch.from_numpy(affine)
    )


def _plain(image: torch.Tensor) -> tuple[Moved, Affine]:
    assert isinstance(image, MetaTensor)
    affine = np.asarray(image.affine, dtype=np.float64)
    return np.ascontiguousarray(image.as_tensor()[0].numpy(), dtype=np.float32), affine
