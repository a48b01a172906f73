"""Tissue as a person drew it, in a file beside the slide."""

from pathlib import Path

import numpy as np
from jaxtyping import Bool

from fusion.data.prepare.tissue_grid import MASK_MPP, grid_shape
from fusion.data.prepare.tissue_png import read_png
from fusion.data.prepare.tissue_polygons import fill, read_polygons
from fusion.data.readers.slide import SlideFile
from fusion.errors import ReadError

_BEYOND = 0.01
"""Share of a side by which a polygon may reach beyond the slide, as hands do."""


def drawn_mask(path: Path, slide: SlideFile) -> Bool[np.ndarray, "h w"]:
    """The mask of a slide on the grid of `MASK_MPP` microns, from GeoJSON or PNG.

    A pixel is tissue where its centre is. Polygons are in level-0 pixels; a PNG covers the whole
    slide.

    Raises:
        ReadError: where it cannot be read, is empty, or does not fit the slide.
    """
    try:
        mask = _from_png(path, slide) if path.suffix.lower() == ".png" else _drawn(path, slide)
        if not mask.any():
            raise ValueError(
                f"it marks nothing, not even one pixel of {MASK_MPP:g} microns; draw the tissue, "
                "or leave the cell blank"
            )
    except (OSError, ValueError) as error:
        message = f"as a tissue mask of {slide.path.name}: {error}"
        raise ReadError(path, message, slide.patient) from error
    return mask


def _from_png(path: Path, slide: SlideFile) -> Bool[np.ndarray, "h w"]:
    drawn = read_png(path, slide.dimensions)
    rows, columns = (
        # the last pixel of the grid may have its centre beyond the slide
        np.minimum((np.arange(n) + 0.5) * MASK_MPP / side_um * count, count - 1).astype(int)
        for n, side_um, count in zip(
            grid_shape(slide.size_um), slide.size_um[::-1], drawn.shape, strict=True
        )
    )
    return drawn[rows[:, None], columns]


def _drawn(path: Path, slide: SlideFile) -> Bool[np.ndarray, "h w"]:
    polygons = read_polygons(path)
    corners = np.concatenate([ring for rings in polygons for ring in rings])
    low, high = corners.min(axis=0), corners.max(axis=0)
    beyond = np.array(slide.dimensions) * _BEYOND
    if (low < -beyond).any() or (high > slide.dimensions + beyond).any():
        raise ValueError(
            f"its polygons reach from {low[0]:.0f} to {high[0]:.0f} across and {low[1]:.0f} to "
            f"{high[1]:.0f} down, the slide has {slide.dimensions[0]} x {slide.dimensions[1]} "
            "pixels: expected level-0 pixels of this slide"
        )
    mask = np.zeros(grid_shape(slide.size_um), dtype=bool)
    for rings in polygons:
        fill(mask, [ring * (slide.mpp / MASK_MPP) for ring in rings])
    return mask
