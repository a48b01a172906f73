"""One slide as it was cut: thumbnail, tissue, what was rejected, tiles."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Patch

from fusion.data.entry import Entry
from fusion.data.prepare.tissue import REJECTED, Tissue, tissue_of
from fusion.data.prepare.tissue_grid import MASK_MPP
from fusion.data.readers.slide import SlideFile
from fusion.report.drawing import GREY, canvas, png, short, style

TISSUE, TILES, INK, FOLDS = "#009E73", "#0072B2", "#56B4E9", "#E69F00"
"""Okabe and Ito 2008: of these, stained tissue has none."""

_SIDE_PX = 1000
"""Of a thumbnail, its longer side."""


@dataclass(frozen=True)
class SlideLook:
    """What is drawn of a slide."""

    name: str
    picture: UInt8[np.ndarray, "h w 3"]
    picture_mpp: float
    tissue: Tissue
    corner_um: Float[np.ndarray, "tiles 2"]
    """Top left corners of the tiles, x and y."""
    tile_um: float
    """Side of a tile."""


def slide_look(
    entry: Entry,
    corner_um: Float[np.ndarray, "tiles 2"],
    tile_um: float,
    reject: Collection[str] = REJECTED,
) -> SlideLook:
    """Look at a slide again, coarsely.

    Args:
        entry: which one.
        corner_um: where its tiles are.
        tile_um: how large they are.
        reject: what was no tissue when they were cut.

    Raises:
        ReadError: where the slide, or the mask that somebody drew of it, cannot be read.
    """
    with SlideFile.open(entry.path, entry.patient_id, entry.mpp) as slide:
        mpp = slide.fitting_mpp(_SIDE_PX)
        return SlideLook(
            name=f"{entry.patient_id}, {entry.path.name}",
            picture=slide.thumbnail(mpp),
            picture_mpp=mpp,
            tissue=tissue_of(slide, entry.tissue_mask, reject),
            corner_um=corner_um,
            tile_um=tile_um,
        )


def slide_picture(look: SlideLook) -> bytes:
    """A PNG of one slide, with a legend."""
    with style():
        height, width = look.picture.shape[:2]
        figure, (axes,) = canvas(height_cm=min(24.0, 14.5 * height / width + 2.5))
        draw_slide(axes, look)
        axes.set_xlabel("mm")
        names = {"tissue": TISSUE, "tiles": TILES, "ink": INK, "folds": FOLDS}
        figure.legend(
            handles=[Patch(facecolor=colour, label=name) for name, colour in names.items()],
            loc="outside lower center",
            ncols=len(names),
        )
        return png(figure)


def draw_slide(axes: Axes, look: SlideLook) -> None:
    """Scales are in millimetres; `TISSUE` outlines, `TILES` squares, `INK` and `FOLDS` areas."""
    height, width = (n * look.picture_mpp / 1000 for n in look.picture.shape[:2])
    axes.imshow(look.picture, extent=(0, width, height, 0), interpolation="antialiased")
    squares = LineCollection(list(_squares(look)), colors=TILES, linewidths=0.3, alpha=0.8)
    axes.add_collection(squares)
    _outline(axes, look.tissue.mask, TISSUE, 0.0)
    _outline(axes, look.tissue.ink, INK, 0.55)
    _outline(axes, look.tissue.folds, FOLDS, 0.55)
    axes.set(xlim=(0, width), ylim=(height, 0), aspect="equal")
    axes.set_title(f"{short(look.name, 60)}\n{_numbers(look)}", color=GREY, fontsize=7)
    axes.tick_params(length=2, labelsize=6)


def _outline(axes: Axes, mask: Bool[np.ndarray, "rows columns"], colour: str, fill: float) -> None:
    wide = np.pad(mask, 1)  # so that what touches the edge is outlined too
    y, x = ((np.arange(n) - 0.5) * MASK_MPP / 1000 for n in wide.shape)
    if mask.any():
        axes.contour(x, y, wide, levels=[0.5], colors=colour, linewidths=0.8)
    if mask.any() and fill:
        axes.contourf(x, y, wide, levels=[0.5, 1.5], colors=colour, alpha=fill)


def _numbers(look: SlideLook) -> str:
    shares = look.tissue.shares()
    said = [f"{len(look.corner_um):,} tiles", f"{shares['tissue_share']:.1%} tissue"]
    said += [f"{shares[f'{what}_share']:.1%} {what}" for what in ("ink", "fold")]
    if look.tissue.drawn:
        said.append(f"drawn in {short(look.tissue.drawn)}")
    return ", ".join(said)


def _squares(look: SlideLook) -> Float[np.ndarray, "tiles 5 2"]:
    around = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]) * look.tile_um
    return (look.corner_um[:, None, :] + around) / 1000
