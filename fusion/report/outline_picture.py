"""A patient's tumour in three planes: the image, what was outlined, and what somebody drew."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float32
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from fusion.report.drawing import OKABE_ITO, Drawing, grid, png, style

COLOURS = (OKABE_ITO[4], OKABE_ITO[1], OKABE_ITO[3], OKABE_ITO[2], OKABE_ITO[5], OKABE_ITO[0])
"""Of the regions, in their order."""

DRAWN = "white"


@dataclass(frozen=True)
class Plane:
    """One slice, up and the patient's right as on the screen of a radiologist."""

    name: str
    image: Float32[np.ndarray, "h w"]
    masks: Bool[np.ndarray, "regions h w"]
    drawn: Bool[np.ndarray, "h w"] | None
    """The whole tumour as somebody drew it."""
    aspect: float
    """Height of a pixel over its width."""
    right: tuple[str, str]
    """What lies on the left and on the right of the picture."""


@dataclass(frozen=True)
class Pictured:
    """A patient to look at."""

    patient: str
    sequence: str
    regions: tuple[str, ...]
    planes: tuple[Plane, ...]
    dice: float | None
    """Of the first region, where somebody drew it."""


def outline_picture(found: Sequence[Pictured], name: str, title: str, caption: str) -> Drawing:
    """A row for each patient, a panel for each plane.

    Args:
        found: one patient or more, of the same regions.
        name: file stem.
        title: of the figure.
        caption: what is seen.
    """
    with style():
        height = 5.6 * len(found) + 0.8
        figure, rows = grid(height_cm=height, columns=3, ratios=[1.0] * len(found))
        for row, patient in zip(rows, found, strict=True):
            for axes, plane in zip(row, patient.planes, strict=True):
                _draw(axes, plane)
            said = "" if patient.dice is None else f"  Dice {patient.dice:.2f}"
            row[0].set_title(f"{patient.patient}, {patient.sequence}{said}", fontsize=8)
        for region, colour in zip(found[0].regions, COLOURS, strict=False):
            rows[0][0].plot([], [], color=colour, label=region)
        if any(plane.drawn is not None for patient in found for plane in patient.planes):
            rows[0][0].plot([], [], color="#888888", linestyle=":", label="drawn (white, dotted)")
        figure.legend(loc="outside lower center", ncols=6)
        image = png(figure)
    data = pd.DataFrame([{"patient_id": p.patient, "dice": p.dice} for p in found])
    return Drawing(name, title, caption, image, data)


def _draw(axes: Axes, plane: Plane) -> None:
    low, high = np.percentile(plane.image, [1, 99.5])
    axes.imshow(plane.image, cmap="gray", vmin=low, vmax=max(high, low + 1e-6), aspect=plane.aspect)
    for mask, colour in zip(plane.masks, COLOURS, strict=False):
        if mask.any():
            axes.contour(mask.astype(float), levels=[0.5], colors=[to_rgb(colour)], linewidths=1.0)
    if plane.drawn is not None and plane.drawn.any():
        drawn = plane.drawn.astype(float)
        axes.contour(drawn, levels=[0.5], colors=DRAWN, linewidths=0.8, linestyles=":")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    for x, letter in zip((0.02, 0.98), plane.right, strict=True):
        axes.text(
            x, 0.5, letter, transform=axes.transAxes, color="white", fontsize=7,
            ha="left" if x < 0.5 else "right", va="center",
        )  # fmt: skip
