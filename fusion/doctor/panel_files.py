"""Panels: voxel and pixel sizes at each centre."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fusion.report.drawing import MARKERS, OKABE_ITO, short

_AXES = {"spacing_right_mm": "sideways", "spacing_front_mm": "to the front", "spacing_up_mm": "up"}


def spacing_panel(axes: Axes, volumes: pd.DataFrame, centers: list[str]) -> None:
    """Each volume's spacing along the patient's three axes; a larger mark is more volumes."""
    known = volumes[volumes["spacing_up_mm"].notna()]
    rows = _having(known, centers)
    for i, (column, label) in enumerate(_AXES.items()):
        _strip(axes, known, column, rows, 0.25 * (i - 1), i)
        axes.scatter([], [], s=16, color=OKABE_ITO[i], marker=MARKERS[i], label=label)
    _finish(axes, rows, "mm from voxel to voxel")
    axes.set_title(f"Spacing of {len(known)} volumes of {len(volumes)}")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.02), ncols=3, fontsize=7)


def mpp_panel(axes: Axes, slides: pd.DataFrame, centers: list[str]) -> None:
    """Each slide's microns per pixel; a larger mark is more slides."""
    rows = _having(slides, centers)
    _strip(axes, slides, "mpp", rows, 0.0, 3)
    _finish(axes, rows, "microns per pixel of level 0")
    axes.set_title(f"Pixel size of {len(slides)} slides")


def _having(files: pd.DataFrame, centers: list[str]) -> list[str]:
    there = set(files["center"])
    return [center for center in centers if center in there]


def _strip(
    axes: Axes, files: pd.DataFrame, column: str, centers: list[str], offset: float, look: int
) -> None:
    counts = files[files["center"].isin(centers)].groupby(["center", column]).size()
    rows = [centers.index(str(center)) + offset for center, _ in counts.index]
    sizes = 10 + 6 * np.sqrt(counts.to_numpy(float))
    values = [value for _, value in counts.index]
    color, marker = OKABE_ITO[look], MARKERS[look]
    axes.scatter(values, rows, s=sizes, color=color, marker=marker, alpha=0.75, linewidths=0)


def _finish(axes: Axes, centers: list[str], label: str) -> None:
    axes.set_xlim(0, 1.08 * axes.dataLim.x1)
    axes.set_yticks(range(len(centers)), [short(c, 20) for c in centers])
    axes.set(ylim=(len(centers) - 0.4, -1.1), xlabel=label)
    for row in range(0, len(centers), 2):
        axes.axhspan(row - 0.5, row + 0.5, color="#f3f3f3", linewidth=0, zorder=0)
    axes.tick_params(axis="y", length=0)
