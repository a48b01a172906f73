"""The tiles that say most, as a figure."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int, UInt8

from fusion.data.readers.slide import SlideFile
from fusion.explain.colours import rgba
from fusion.explain.scored import ScoredTiles
from fusion.report.drawing import GREY, grid, png, style

MOST = 8
"""Tiles in a row."""

_TILE_PX = 192


def telling_tiles(tiles: ScoredTiles) -> bytes:
    """A PNG: the tiles of a patient with the highest scores, above those with the lowest.

    Each has its score above it and its score's colour around it.

    Raises:
        ReadError: where a slide cannot be read any more.
    """
    order = np.argsort(-tiles.scores, kind="stable")
    count = min(MOST, len(order))
    rows = [order[:count], order[::-1][:count]]
    names = ("highest", "lowest") if tiles.signed else ("most attended", "least attended")
    colour = rgba(tiles)
    with style():
        figure, table = grid(height_cm=5.6, columns=MOST, ratios=[1.0, 1.0])
        for name, which, panels in zip(names, rows, table, strict=True):
            for axes in panels:
                axes.set_axis_off()
            for axes, i, picture in zip(panels, which, _cut(tiles, which), strict=False):
                axes.imshow(picture, interpolation="antialiased")
                axes.set_axis_on()
                axes.set(xticks=[], yticks=[])
                for spine in axes.spines.values():
                    spine.set(visible=True, color=colour[i], linewidth=2.5)
                axes.set_title(f"{tiles.shown[i]:+.3g}", fontsize=6, color=GREY)
            panels[0].set_ylabel(name, fontsize=7)
        figure.suptitle(
            f"{tiles.patient_id}: {tiles.answer} ({tiles.method.replace('_', ' ')}); "
            f"tiles of {tiles.placed.tile_um:g} µm",
            fontsize=7,
            color=GREY,
        )
        return png(figure)


def _cut(
    tiles: ScoredTiles, which: Int[np.ndarray, " some"]
) -> Sequence[UInt8[np.ndarray, "h w 3"]]:
    placed, found = tiles.placed, {}
    for number in sorted(set(placed.slide[which].tolist())):
        entry = tiles.entries[number]
        with SlideFile.open(entry.path, entry.patient_id, entry.mpp) as slide:
            for i in which[placed.slide[which] == number]:
                x, y = placed.corner_px[i].tolist()
                found[i] = slide.read(x, y, float(placed.side_px[i]), _TILE_PX)
    return [found[i] for i in which]
