"""The shape of a mask in the words of the Image Biomarker Standardisation Initiative (IBSI)."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist
from skimage.measure import marching_cubes

from fusion.errors import UndefinedMetric
from fusion.lesions.grid import known_spacing


def shape_features(
    mask: Bool[np.ndarray, "x y z"], spacing_mm: Sequence[float] | None
) -> dict[str, float]:
    """Volume, surface and how far both are from a ball's, named by the manual's symbols.

    The surface is a mesh of triangles halfway between voxels (marching cubes, Lewiner 2003),
    which is closed around the array's border too. Volumes are mm3, areas mm2, lengths mm.

    Raises:
        ConfigError: where the spacing is not known.
        UndefinedMetric: for an empty mask.

    Source: Zwanenburg et al. 2020 (Radiology 295:328) and the IBSI reference manual
    (arXiv 1612.07003), section 3.1.

    Example:
        >>> mask = np.zeros((3, 3, 3), dtype=bool)
        >>> mask[1, 1, 1] = True
        >>> features = shape_features(mask, (1.0, 1.0, 1.0))
        >>> features["morph.approx.vol"], round(features["morph.vol"], 3)
        (1.0, 0.167)
    """
    spacing = known_spacing(spacing_mm, "a shape")
    if not mask.any():
        raise UndefinedMetric("the mask is empty, and nothing has no shape; ask for others only")
    box = tuple(slice(int(i.min()), int(i.max()) + 1) for i in np.nonzero(mask))
    padded = np.pad(mask[box].astype(np.float64), 1)
    vertices, faces, _, _ = marching_cubes(padded, level=0.5, spacing=spacing)
    a, b, c = vertices[faces].astype(np.float64).transpose(1, 0, 2)
    area = float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)
    volume = float(abs(np.einsum("ij,ij->i", a, np.cross(b, c)).sum()) / 6)
    compact = 36 * np.pi * volume**2 / area**3
    outermost = vertices[ConvexHull(vertices).vertices]
    return {
        "morph.vol": volume,
        "morph.approx.vol": float(mask.sum() * np.prod(spacing)),
        "morph.area": area,
        "morph.av": area / volume,
        "morph.comp.1": volume / (np.pi**0.5 * area**1.5),
        "morph.comp.2": float(compact),
        "morph.sph.dispr": float(compact ** (-1 / 3)),
        "morph.sphericity": float(compact ** (1 / 3)),
        "morph.asphericity": float(compact ** (-1 / 3) - 1),
        "morph.diam": float(pdist(outermost).max()),
        **_axes(mask, spacing),
    }


def _axes(mask: Bool[np.ndarray, "x y z"], spacing: tuple[float, float, float]) -> dict[str, float]:
    """Of the ellipsoid that has the spread of the voxels' centres; a single voxel has none."""
    centres = np.argwhere(mask) * np.array(spacing)
    if len(centres) == 1:
        return {}
    spread = np.cov(centres.T)
    # rounding may push the least of a flat mask below 0
    least, minor, major = np.sqrt(np.maximum(np.linalg.eigvalsh(spread), 0.0))
    return {
        "morph.pca.major": 4 * float(major),
        "morph.pca.minor": 4 * float(minor),
        "morph.pca.least": 4 * float(least),
        "morph.pca.elongation": float(minor / major),
        "morph.pca.flatness": float(least / major),
    }
