"""Panels: who has what."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fusion.doctor.finding import count
from fusion.doctor.table import ALL
from fusion.report.drawing import GREY, OKABE_ITO, short

MOST_PATTERNS = 14


def presence_panel(axes: Axes, modalities: pd.DataFrame, centers: list[str]) -> None:
    """Share of each centre's patients who have each modality."""
    share = modalities.pivot_table("share", "center", "modality", aggfunc="sum")
    counts = modalities.pivot_table("patients", "center", "modality", aggfunc="sum")
    sizes = modalities.groupby("center")["center_patients"].first()
    rows = [ALL, *centers]
    values = share.loc[rows].to_numpy(float)
    axes.imshow(values, cmap="Blues", vmin=0, vmax=1.15, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        text = f"{100 * value:.0f} % ({counts.loc[rows].iloc[row, column]})"
        color = "white" if value > 0.6 else "black"
        axes.text(column, row, text, ha="center", va="center", color=color, fontsize=7.5)
    axes.set_xticks(range(share.shape[1]), [short(name, 16) for name in share.columns])
    axes.set_yticks(range(len(rows)), [f"{short(c)} ({sizes[c]})" for c in rows])
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    axes.axhline(0.5, color="white", linewidth=3)
    axes.set_title("Patients who have each modality", pad=18)


def pattern_panel(axes: Axes, patterns: pd.DataFrame) -> None:
    """How many patients have exactly these modalities, as dots and bars."""
    every = patterns[patterns["center"] == ALL]
    shown = every.head(MOST_PATTERNS)
    names = sorted({n for text in every["modalities"] for n in text.split(" + ")} - {"nothing"})
    most = int(shown["patients"].max())
    step = 0.09 * most
    axes.barh(range(len(shown)), shown["patients"], color=OKABE_ITO[0], height=0.7)
    for row, (text, number) in enumerate(zip(shown["modalities"], shown["patients"], strict=True)):
        axes.text(number + 0.01 * most, row, str(number), va="center", fontsize=7.5)
        for i, name in enumerate(names):
            has = name in text.split(" + ")
            color = "black" if has else "#dddddd"
            axes.plot(-step * (len(names) - i), row, "o", color=color, markersize=5)
    for i, name in enumerate(names):
        place = (-step * (len(names) - i), -0.8)
        axes.text(*place, short(name, 14), rotation=45, ha="left", va="bottom", fontsize=8)
    axes.set_ylim(max(len(shown), MOST_PATTERNS) - 0.4, -0.6)
    axes.set_xlim(-step * (len(names) + 0.7), 1.1 * most)
    axes.set_yticks([])
    axes.set_xticks([])
    axes.spines[:].set_visible(False)
    hidden = len(every) - len(shown)
    axes.set_title("Combinations of modalities, in patients", pad=48)
    if hidden:
        rest = int(every["patients"].iloc[len(shown) :].sum())
        axes.set_xlabel(f"and {count(hidden, 'rarer one')}, {count(rest, 'patient')}", color=GREY)
