"""Where voxels lie: orientation, spacing, and a box cut around a point in millimetres."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float32, Float64, Shaped
from monai.data import MetaTensor
from monai.transforms import Orientation, Spacing
from scipy.ndimage import gaussian_filter

Image = Float32[np.ndarray, "x y z"]
Moved = Float32[np.ndarray, "u v w"]
Affine = Float64[np.ndarray, "4 4"]


def to_ras(image: Image, affine: Affine) -> tuple[Moved, Affine]:
    """Swap and flip axes so that they run to the right, to the front and up."""
    # nibabel's labels, given so that MONAI does not guess them from the metadata
    turn = Orientation(axcodes="RAS", labels=(("L", "R"), ("P", "A"), ("I", "S")))
    return _plain(turn(_meta(image, affine)))


def resample(image: Image, affine: Affine, spacing_mm: Sequence[float]) -> tuple[Moved, Affine]:
    """Linear, after a Gaussian where the grid gets coarser, so that nothing aliases."""
    ratio = np.asarray(spacing_mm) / np.linalg.norm(affine[:3, :3], axis=0)
    if np.abs(ratio - 1).max() < 1e-4:
        return image, affine
    smooth = gaussian_filter(image, sigma=np.maximum(0, (ratio - 1) / 2), mode="nearest")
    return _spaced(smooth, affine, spacing_mm, "bilinear")


def resample_labels(
    labels: Image, affine: Affine, spacing_mm: Sequence[float]
) -> tuple[Moved, Affine]:
    """Nearest, so that no label is made up."""
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
