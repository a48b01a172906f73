"""Scored tiles over their slide, as a picture."""

import numpy as np
from jaxtyping import Float
from matplotlib.cm import ScalarMappable

from fusion.data.readers.slide import SlideFile
from fusion.explain.colours import colours
from fusion.explain.scored import ScoredTiles
from fusion.report.drawing import GREY, canvas, png, short, style

_SIDE_PX = 1400
"""Of a thumbnail, its longer side."""

_FINE = 4
"""Squares of the map along a tile's side: tiles that overlap are averaged where they do."""


def heat_map(tiles: ScoredTiles, number: int) -> bytes:
    """A PNG: the slide, and beside it the slide under its tiles' scores; scales in millimetres.

    Args:
        tiles: of a patient.
        number: which of the patient's slides.

    Raises:
        ReadError: where the slide cannot be read any more.
    """
    entry = tiles.entries[number]
    with SlideFile.open(entry.path, entry.patient_id, entry.mpp) as slide:
        mpp = slide.fitting_mpp(_SIDE_PX)
        picture = slide.thumbnail(mpp)
    height, width = (n * mpp / 1000 for n in picture.shape[:2])
    scale, norm = colours(tiles)
    grid = score_grid(tiles, number)
    side = tiles.placed.tile_um / _FINE / 1000
    pale = (255 - (255 - picture.mean(axis=2)) * 0.5).astype(np.uint8)  # colour is the score's
    with style():
        figure, panels = canvas(height_cm=min(22.0, 6.2 * height / width + 2.0), columns=2)
        for axes, what in zip(panels, (picture, pale), strict=True):
            axes.imshow(
                what, extent=(0, width, height, 0), cmap="gray", vmin=0, vmax=255,
                interpolation="antialiased",
            )  # fmt: skip
        extent = (0, grid.shape[1] * side, grid.shape[0] * side, 0)
        panels[1].imshow(
            grid, extent=extent, cmap=scale, norm=norm, alpha=0.65, interpolation="nearest"
        )
        for axes in panels:
            axes.set(xlim=(0, width), ylim=(height, 0), aspect="equal")
            axes.tick_params(length=2, labelsize=6)
            axes.set_xlabel("mm")
        panels[0].set_title(
            f"{short(tiles.patient_id, 24)}, {short(entry.path.name, 24)}", color=GREY, fontsize=7
        )
        panels[1].set_title(short(tiles.answer, 44), color=GREY, fontsize=7)
        bar = figure.colorbar(
            ScalarMappable(norm=norm, cmap=scale), ax=list(panels), shrink=0.7, extend="both"
        )
        said = "against   <   evidence   >   for" if tiles.signed else "attention / even share"
        bar.set_label(said, fontsize=7)
        bar.ax.tick_params(labelsize=6)
        return png(figure)


def score_grid(tiles: ScoredTiles, number: int) -> Float[np.ndarray, "rows columns"]:
    """Mean score over each small square of a slide, `_FINE` to a tile's side; NaN where no tile is.

    Row 0 and column 0 are at the slide's top left corner.
    """
    which = tiles.of_slide(number)
    first = np.round(tiles.placed.corner_um[which] / tiles.placed.tile_um * _FINE).astype(int)
    columns, rows = (first.max(axis=0) + _FINE).tolist() if len(first) else (1, 1)
    total, count = np.zeros((rows, columns)), np.zeros((rows, columns))
    for right in range(_FINE):
        for down in range(_FINE):
            place = (first[:, 1] + down, first[:, 0] + right)
            np.add.at(total, place, tiles.shown[which])
            np.add.at(count, place, 1)
    with np.errstate(invalid="ignore"):
        return total / np.where(count > 0, count, np.nan)
