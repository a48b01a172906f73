"""Nuclei as small pictures of optical density, drawn once and stamped thousands of times."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float, UInt8

from fusion.testing.demo.seeds import stream

VARIANTS = 48
"""Pictures of each kind."""

HALF_UM = 11.0
"""Half the side of a picture, in microns."""


@dataclass(frozen=True)
class Shape:
    """How one kind of nucleus looks; lengths in microns, densities 0 to 1."""

    long: float
    short: float
    """Semi-axes."""
    density: float
    """Haematoxylin."""
    open: float
    """How much lighter the inside is than the rim: vesicular chromatin."""
    halo: float
    """Radius of the clear zone around it; 0 for none."""


SHAPES = {
    "glia": Shape(3.2, 2.6, 0.62, 0.1, 0.0),
    "spindle": Shape(7.0, 2.5, 0.85, 0.0, 0.0),
    "round": Shape(4.2, 4.0, 0.60, 0.35, 8.0),
    "carcinoma": Shape(6.4, 5.2, 0.66, 0.45, 0.0),
}
"""Resting glia; astrocytic tumour; oligodendroglial tumour; metastasis."""


@dataclass(frozen=True)
class Stamp:
    """One nucleus."""

    haematoxylin: UInt8[np.ndarray, "side side"]
    keep: Float[np.ndarray, "side side"] | None
    """What is left of the eosin around it; None: all."""


def draw_stamp(shape: Shape, mpp: float, rng: np.random.Generator) -> Stamp:
    """Draw one nucleus: an ellipse turned at random, with a soft edge and mottled chromatin."""
    half = int(np.ceil(HALF_UM / mpp))
    axis = np.arange(-half, half + 1, dtype=np.float32) * np.float32(mpp)
    angle = rng.uniform(0, np.pi)
    size = np.exp(rng.normal(0, 0.10))
    x = axis[None, :] * np.cos(angle) + axis[:, None] * np.sin(angle)
    y = -axis[None, :] * np.sin(angle) + axis[:, None] * np.cos(angle)
    radius = np.sqrt((x / (shape.long * size)) ** 2 + (y / (shape.short * size)) ** 2)
    body = np.clip((1.12 - radius) / 0.24, 0, 1)
    chromatin = (
        1 - shape.open * np.clip(1 - radius, 0, 1) + 0.10 * rng.standard_normal(radius.shape)
    )
    if shape.open > 0.4:  # a nucleolus
        chromatin += 0.5 * np.exp(-(((x - 1) ** 2 + (y - 0.5) ** 2) / 1.8))
    density = np.clip(shape.density * np.exp(rng.normal(0, 0.12)) * body * chromatin, 0, 1)
    keep = None
    if shape.halo:
        distance = np.hypot(axis[None, :], axis[:, None])
        clear = np.clip((shape.halo * size - distance) / 1.5, 0, 1)
        keep = (1 - 0.88 * clear).astype(np.float32)
    return Stamp(np.rint(255 * density).astype(np.uint8), keep)


@cache
def bank(kind: str, mpp: float) -> tuple[Stamp, ...]:
    """The pictures of one kind at one resolution; the same in every cohort."""
    rng = stream(0, "nuclei " + kind)
    return tuple(draw_stamp(SHAPES[kind], mpp, rng) for _ in range(VARIANTS))


def grid_points(
    spacing_um: float, extent_um: float, jitter: float, rng: np.random.Generator
) -> Float[np.ndarray, "points 2"]:
    """Points on a shaken square grid, in microns from the upper left: x, y."""
    count = max(1, int(extent_um / spacing_um))
    axis = (np.arange(count) + 0.5) * spacing_um
    points = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    return points + rng.uniform(-jitter, jitter, points.shape) * spacing_um


def stamp(
    haematoxylin: UInt8[np.ndarray, "height width"],
    eosin: UInt8[np.ndarray, "height width"],
    points_px: Float[np.ndarray, "points 2"],
    stamps: tuple[Stamp, ...],
    rng: np.random.Generator,
) -> None:
    """Put a nucleus at every point, in place; points whose picture would stick out are left out."""
    half = len(stamps[0].haematoxylin) // 2
    corner = np.rint(points_px).astype(int) - half
    side = 2 * half + 1
    height, width = haematoxylin.shape
    fits = (
        (corner >= 0).all(axis=1) & (corner[:, 0] + side <= width) & (corner[:, 1] + side <= height)
    )
    corner = corner[fits]
    which = rng.integers(len(stamps), size=len(corner))
    for (x, y), k in zip(corner.tolist(), which.tolist(), strict=True):
        one = stamps[k]
        window = haematoxylin[y : y + side, x : x + side]
        if one.keep is not None:
            around = eosin[y : y + side, x : x + side]
            np.multiply(around, one.keep, out=around, casting="unsafe")
        np.maximum(window, one.haematoxylin, out=window)
