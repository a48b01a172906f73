"""The head that every patient's brain is bent from: the MNI152 template that nilearn ships."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Atlas:
    """Tissue maps of one brain, cropped to it, on a grid of 2 mm."""

    t1: Float[np.ndarray, "x y z"]
    """T1 intensity, 0 to 1."""
    grey: Float[np.ndarray, "x y z"]
    """Probability of grey matter."""
    white: Float[np.ndarray, "x y z"]
    """Probability of white matter."""
    brain: Float[np.ndarray, "x y z"]
    """1 inside the brain, 0 outside."""
    origin_mm: Float[np.ndarray, "3"]
    """MNI coordinates of the first voxel's centre; axes are right, anterior, superior."""
    spacing_mm: float


@cache
def load_atlas() -> Atlas:
    """Read the template (Fonov et al., NeuroImage 2011) from nilearn's own files.

    Raises:
        ModuleNotFoundError: where the extra `demo` is not installed.
    """
    # here, not above: it takes two seconds, and only the demo cohort needs it
    from nilearn import datasets

    images = [
        datasets.load_mni152_template(resolution=2),
        datasets.load_mni152_gm_template(resolution=2),
        datasets.load_mni152_wm_template(resolution=2),
        datasets.load_mni152_brain_mask(resolution=2),
    ]
    affine = images[0].affine
    maps = [np.asarray(image.dataobj, dtype=np.float32) for image in images]
    inside = np.argwhere(maps[3] > 0)
    low, high = np.maximum(inside.min(axis=0) - 1, 0), inside.max(axis=0) + 2
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    t1, grey, white, brain = (np.ascontiguousarray(m[box]) for m in maps)
    return Atlas(t1, grey, white, brain, affine[:3, :3] @ low + affine[:3, 3], 2.0)
