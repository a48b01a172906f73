"""One patient's slide: tissue that looks like haematoxylin and eosin, with a planted region."""

from functools import cache

import numpy as np
from jaxtyping import Float, UInt8
from scipy import ndimage

from fusion.testing.demo.biology import Patient
from fusion.testing.demo.centers import Lab
from fusion.testing.demo.fields import resample
from fusion.testing.demo.layout import LATTICE, Layout
from fusion.testing.demo.nuclei import bank, grid_points, stamp
from fusion.testing.demo.seeds import stream
from fusion.testing.demo.stain import matrix, palette

STRIP = 64
"""Rows that are worked on at a time."""


@cache
def fibres(size_px: int) -> Float[np.ndarray, "size size"]:
    """The texture of the matrix between cells, mean 1; every slide takes it from elsewhere."""
    noise = stream(0, "fibres").standard_normal((size_px, size_px), dtype=np.float32)
    fine = ndimage.gaussian_filter(noise, (0.8, 2.2), mode="wrap", truncate=3)
    coarse = ndimage.gaussian_filter(noise, (9, 14), mode="wrap", truncate=3)
    return (1 + 0.17 * fine / fine.std() + 0.09 * coarse / coarse.std()).astype(np.float32)


def at(
    lattice: Float[np.ndarray, "n n"], points: Float[np.ndarray, "p 2"], extent_um: float
) -> Float[np.ndarray, " p"]:
    """The value of a coarse map at points in microns."""
    cell = np.clip((points / extent_um * LATTICE).astype(int), 0, LATTICE - 1)
    return lattice[cell[:, 1], cell[:, 0]]


def tumour_points(
    patient: Patient, layout: Layout, extent_um: float, rng: np.random.Generator
) -> dict[str, Float[np.ndarray, "points 2"]]:
    """Where the planted nuclei lie, by kind, in microns.

    There are 2,600 exp(0.3 cellularity) nuclei per square millimetre. In a glioma a nucleus is
    round and has a halo with probability sigmoid(1.3 roundness), and is a spindle otherwise.
    A metastasis has glands: rings of large nuclei.
    """
    density = 2600 * np.exp(0.3 * patient.cellularity) / 1e6
    if patient.kind == "metastasis":
        spacing = float(np.sqrt(18 / density))
        centres = grid_points(spacing, extent_um, 0.2, rng)
        angle = rng.uniform(0, 2 * np.pi, (len(centres), 1)) + np.linspace(
            0, 2 * np.pi, 18, endpoint=False
        )
        radius = spacing * rng.uniform(0.28, 0.40, (len(centres), 1))
        squash = np.exp(rng.normal(0, 0.2, (len(centres), 1)))
        ring = (
            np.stack([np.cos(angle) * squash, np.sin(angle) / squash], axis=-1) * radius[..., None]
        )
        points = (centres[:, None] + ring).reshape(-1, 2)
        points = points + rng.normal(0, 3.5, points.shape)
        return {"carcinoma": points[at(layout.signal, points, extent_um) > 0.5]}
    points = grid_points(float(1 / np.sqrt(density)), extent_um, 0.35, rng)
    points = points[at(layout.signal, points, extent_um) > 0.5]
    rounded = rng.random(len(points)) < 1 / (1 + np.exp(-1.3 * patient.roundness))
    return {"round": points[rounded], "spindle": points[~rounded]}


def draw_matrix(
    layout: Layout, size_px: int, rng: np.random.Generator
) -> tuple[UInt8[np.ndarray, "h w"], UInt8[np.ndarray, "h w"]]:
    """Amounts of eosin and haematoxylin, 255 = full, of tissue without any cell."""
    matter = 255 * layout.tissue * (np.float32(0.30) - np.float32(0.16) * layout.pale)
    texture = fibres(size_px)
    texture = texture.T if rng.random() < 0.5 else texture
    down, right = (int(n) for n in rng.integers(size_px, size=2))
    place = (np.arange(size_px) + 0.5) / size_px
    eosin = np.empty((size_px, size_px), dtype=np.uint8)
    haematoxylin = np.empty_like(eosin)
    for top in range(0, size_px, STRIP):
        rows = slice(top, min(top + STRIP, size_px))
        amount = resample(matter, place[rows], place)
        haematoxylin[rows] = amount * np.float32(0.2)
        woven = np.roll(texture[np.arange(rows.start, rows.stop) - down], right, axis=1)
        eosin[rows] = np.clip(amount * woven, 0, 255)
    return eosin, haematoxylin


def draw_vessels(
    patient: Patient,
    tissue: Float[np.ndarray, "n n"],
    haematoxylin: UInt8[np.ndarray, "h w"],
    eosin: UInt8[np.ndarray, "h w"],
    mpp: float,
    rng: np.random.Generator,
) -> None:
    """Put vessels in place: 6 exp(0.5 vascularity) expected per square millimetre of tissue."""
    size = len(eosin)
    extent_um = size * mpp
    area_mm2 = float(tissue.mean()) * (extent_um / 1000) ** 2
    count = rng.poisson(6 * np.exp(0.5 * patient.vascularity) * area_mm2)
    points = rng.uniform(60, extent_um - 60, (count, 2))
    for x, y in points[at(tissue, points, extent_um) > 0.9] / mpp:
        long, short, angle = (
            rng.uniform(16, 34) / mpp,
            rng.uniform(6, 12) / mpp,
            rng.uniform(0, np.pi),
        )
        half = int(long * 1.3)
        axis = np.arange(-half, half + 1, dtype=np.float32)
        u = axis[None] * np.cos(angle) + axis[:, None] * np.sin(angle)
        v = -axis[None] * np.sin(angle) + axis[:, None] * np.cos(angle)
        radius = np.sqrt((u / long) ** 2 + (v / short) ** 2)
        box = (slice(int(y) - half, int(y) + half + 1), slice(int(x) - half, int(x) + half + 1))
        if eosin[box].shape != radius.shape:
            continue
        eosin[box] = np.where(radius < 1.0, 240, np.where(radius < 1.15, 40, eosin[box]))
        wall = (radius > 1.15) & (radius < 1.4) & (np.sin(9 * np.arctan2(v, u)) > 0)
        haematoxylin[box] = np.where(radius < 1.15, 8, np.where(wall, 170, haematoxylin[box]))


def draw_slide(
    patient: Patient,
    layout: Layout,
    *,
    lab: Lab,
    shift: float,
    size_px: int,
    rng: np.random.Generator,
) -> UInt8[np.ndarray, "height width 3"]:
    """Draw a slide of `size_px` squared at the centre's microns per pixel."""
    mpp, extent_um = lab.mpp, size_px * lab.mpp
    eosin, haematoxylin = draw_matrix(layout, size_px, rng)
    draw_vessels(patient, layout.tissue, haematoxylin, eosin, mpp, rng)
    resting = grid_points(34.0, extent_um, 0.5, rng)
    free = at(layout.tissue - layout.signal - layout.pale, resting, extent_um) > 0.7
    stamp(haematoxylin, eosin, resting[free] / mpp, bank("glia", mpp), rng)
    for kind, points in sorted(tumour_points(patient, layout, extent_um, rng).items()):
        stamp(haematoxylin, eosin, points / mpp, bank(kind, mpp), rng)

    thickness = np.exp(shift * lab.stain + rng.normal(0, 0.07, 2))
    colours = palette(matrix(lab, shift=shift), (float(thickness[0]), float(thickness[1])))
    # strips that fit the processor's cache are twice as fast as whole arrays
    image = np.empty((size_px, size_px, 3), dtype=np.uint8)
    for top in range(0, size_px, STRIP):
        rows = slice(top, top + STRIP)
        index = (haematoxylin[rows].astype(np.uint16) << 8) | eosin[rows]
        image[rows] = colours[index].view(np.uint8).reshape(*index.shape, 4)[..., :3]
    return image
