"""Many slides as they were cut, on one page."""

from collections.abc import Sequence

from fusion.doctor.tissue_picture import SlideLook, draw_slide, slide_picture
from fusion.report.drawing import GREY, grid, png, style

COLUMNS, ROWS = 4, 3
"""Slides on a page."""


def tile_sheet(looks: Sequence[SlideLook]) -> bytes:
    """A PNG of one to `COLUMNS` x `ROWS` slides; scales are in millimetres."""
    if len(looks) == 1:
        return slide_picture(looks[0])
    rows, columns = -(-len(looks) // COLUMNS), min(len(looks), COLUMNS)
    with style():
        figure, table = grid(
            width_cm=5.5 * columns, height_cm=6.0 * rows, columns=columns, ratios=[1.0] * rows
        )
        panels = [axes for row in table for axes in row]
        for axes, look in zip(panels, looks, strict=False):
            draw_slide(axes, look)
            axes.set_title(axes.get_title(loc="left"), fontsize=5, color=GREY)
        for axes in panels[len(looks) :]:
            axes.set_axis_off()
        return png(figure)
