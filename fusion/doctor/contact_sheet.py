"""One picture of each sort of file at each centre: a swapped label is seen at once."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from matplotlib.axes import Axes
from PIL import Image

from fusion.doctor.facts import Look
from fusion.report.drawing import GREY, short

MOST_CENTERS, MOST_SORTS = 10, 10
"""Rows and columns; the largest centres, the sorts that most centres have."""

_SIDE_PX = 192
_PITCH = 1.08
"""From row to row, in pictures: there is a name below each."""


def sorts_of(looks: Sequence[Look]) -> list[tuple[str, str]]:
    """Modality and sequence of the columns, in order."""
    every = [(look.entry.modality, look.entry.sequence or "") for look in looks]
    ranked = sorted(set(every), key=lambda sort: (-every.count(sort), sort))
    return sorted(ranked[:MOST_SORTS])


def rows_of(looks: Sequence[Look], centers: Sequence[str]) -> list[str]:
    """Centres of the rows: the largest of those who have something to show."""
    showing = {look.entry.center for look in looks}
    return [center for center in centers if center in showing][:MOST_CENTERS]


def contact_sheet(axes: Axes, looks: Sequence[Look], centers: Sequence[str]) -> None:
    """A row per centre, a column per sequence or kind of slide."""
    sorts, rows = sorts_of(looks), rows_of(looks, centers)
    for look in looks:
        sort = (look.entry.modality, look.entry.sequence or "")
        if sort not in sorts or look.entry.center not in rows:
            continue
        x, y = sorts.index(sort), _PITCH * rows.index(look.entry.center)
        axes.imshow(squared(look.picture), extent=(x, x + 0.97, y + 0.97, y))
        name = short(look.entry.patient_id, 24)
        axes.text(x, y + 0.98, name, fontsize=6.5, color=GREY, va="top")
    axes.set(xlim=(0, max(len(sorts), 1)), ylim=(_PITCH * max(len(rows), 1), 0), aspect="equal")
    names = [short(sequence or modality, 16) for modality, sequence in sorts]
    axes.set_xticks(np.arange(len(sorts)) + 0.485, names)
    places = _PITCH * np.arange(len(rows)) + 0.485
    axes.set_yticks(places, [short(center, 20) for center in rows])
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    axes.set_title(
        "The first file of each sort at each centre. Slices are half-way up, with the patient's "
        "left on the right where the file says which side is which"
    )


def squared(picture: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "side side 3"]:
    """In the middle of a square whose colour is that of the picture's corner.

    Example:
        >>> squared(np.zeros((2, 4, 3), dtype=np.uint8)).shape
        (192, 192, 3)
    """
    image = Image.fromarray(picture)
    scale = _SIDE_PX / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    canvas = Image.new("RGB", (_SIDE_PX, _SIDE_PX), tuple(picture[0, 0].tolist()))
    place = ((_SIDE_PX - width) // 2, (_SIDE_PX - height) // 2)
    canvas.paste(image.resize((width, height)), place)
    return np.asarray(canvas)
