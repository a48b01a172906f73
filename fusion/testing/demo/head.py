"""One patient's brain: the atlas turned, stretched and bent, on the grid of the scan."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy import ndimage

from fusion.testing.demo.atlas import Atlas
from fusion.testing.demo.fields import smooth_volume


@dataclass(frozen=True)
class Head:
    """Tissues at the voxels of one brain. Vectors run over `brain`'s True voxels, in C order."""

    brain: Bool[np.ndarray, "x y z"]
    t1: Float[np.ndarray, " voxels"]
    grey: Float[np.ndarray, " voxels"]
    white: Float[np.ndarray, " voxels"]
    mni_mm: Float[np.ndarray, "3 voxels"]
    """Where each voxel lies in the atlas, in MNI millimetres."""
    place_mm: Float[np.ndarray, "3 voxels"]
    """Where each voxel lies in the scan, in millimetres."""
    affine: Float[np.ndarray, "4 4"]
    """Voxel to scanner millimetres, axes right, anterior, superior."""


def bend(atlas: Atlas, spacing_mm: tuple[float, float, float], rng: np.random.Generator) -> Head:
    """Draw a head: 6 degrees, 5 % and 3 mm of difference (sd) to the atlas, and smooth bending."""
    extent = (np.array(atlas.brain.shape) - 1) * atlas.spacing_mm
    margin = 6.0
    step = np.array(spacing_mm)
    shape = tuple(int(n) for n in np.ceil((extent + 2 * margin) / step))
    centre = atlas.origin_mm + extent / 2

    tilt, stretch = rng.normal(0, np.deg2rad(3), 3), 1 + rng.normal(0, 0.03, 3)
    turn = np.eye(3)
    for axis, angle in enumerate(tilt):
        plane = [i for i in range(3) if i != axis]
        one = np.eye(3)
        one[np.ix_(plane, plane)] = [
            [np.cos(angle), -np.sin(angle)],
            [np.sin(angle), np.cos(angle)],
        ]
        turn = turn @ one
    matrix = turn @ np.diag(stretch)

    # scan millimetres relative to the head's centre, one axis at a time
    axes = [(np.arange(n) - (n - 1) / 2) * s for n, s in zip(shape, step, strict=True)]
    grid = [
        a.astype(np.float32).reshape([-1 if i == k else 1 for i in range(3)])
        for k, a in enumerate(axes)
    ]
    index = np.empty((3, *shape), dtype=np.float32)
    for k in range(3):
        where = sum(np.float32(matrix[k, j]) * grid[j] for j in range(3))
        bent = where + np.float32(2.5) * smooth_volume(rng, (shape[0], shape[1], shape[2]), terms=4)
        index[k] = (bent + np.float32(extent[k] / 2)) / np.float32(atlas.spacing_mm)

    brain = ndimage.map_coordinates(atlas.brain, index, order=1, output=np.float32) > 0.5
    inside = index[:, brain]

    def sample(volume: Float[np.ndarray, "a b c"]) -> Float[np.ndarray, " voxels"]:
        return ndimage.map_coordinates(volume, inside, order=1, output=np.float32, mode="nearest")

    place = np.stack([np.broadcast_to(g, shape)[brain] for g in grid])
    affine = np.diag([*step, 1.0])
    affine[:3, 3] = centre + rng.normal(0, 4, 3) - step * (np.array(shape) - 1) / 2
    return Head(
        brain=brain,
        t1=sample(atlas.t1),
        grey=sample(atlas.grey),
        white=sample(atlas.white),
        mni_mm=inside * np.float32(atlas.spacing_mm) + atlas.origin_mm.astype(np.float32)[:, None],
        place_mm=place,
        affine=np.round(affine, 3),
    )
