"""From before to after, for each modality: how well the centre can be told."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fusion.report.drawing import GREY, OKABE_ITO, Blank, Drawing, canvas, png, short, style
from fusion.report.harmonised import before_and_after

_TITLE = "How well the centre can be told"
_LOOKS = {"before": (OKABE_ITO[1], "white", "s", -0.16), "after": (OKABE_ITO[0], None, "o", 0.16)}
"""When -> colour, fill, marker, place beside the row."""


def harmonisation(table: pd.DataFrame) -> Drawing | Blank:
    """Two dots with intervals and an arrow between them for each modality.

    Args:
        table: as `RunSummary.harmonisation`.
    """
    pairs = before_and_after(table)
    if not pairs:
        return Blank(_TITLE, "no modality has a value both before and after harmonising")
    with style():
        figure, (axes,) = canvas(height_cm=2.6 + 1.0 * len(pairs))
        for y, (before, after) in enumerate(pairs):
            _pair(axes, float(y), before, after)
        for when, (color, fill, marker, _) in _LOOKS.items():
            axes.plot([], [], color=color, marker=marker, markerfacecolor=fill or color, label=when)
        axes.axvline(0.5, color=GREY, linewidth=0.8, linestyle=":")
        labels = [f"{short(after['modality'])} ({after['n']})" for _, after in pairs]
        axes.set_yticks(range(len(pairs)), labels)
        lowest = min([0.4, *(row["low"] for pair in pairs for row in pair)])
        axes.set_xlim(np.floor(10 * lowest) / 10 - 0.02, 1.02)
        axes.set(ylim=(len(pairs) - 0.5, -0.5), xlabel="AUC of the centre")
        axes.tick_params(axis="y", length=0)
        figure.legend(loc="outside upper center", ncols=2, handlelength=1.8)
        image = png(figure)
    return Drawing("harmonisation", _TITLE, _caption(pairs), image, table)


def _pair(axes: Axes, y: float, before: pd.Series, after: pd.Series) -> None:
    for row in (before, after):
        color, fill, marker, aside = _LOOKS[row["when"]]
        place = y + aside
        axes.plot([row["low"], row["high"]], [place, place], color=color, linewidth=1.3)
        axes.plot(row["auc"], place, color=color, marker=marker, markerfacecolor=fill or color)
    ends = ((after["auc"], y + _LOOKS["after"][3]), (before["auc"], y + _LOOKS["before"][3]))
    arrow = {"arrowstyle": "->", "color": GREY, "linewidth": 0.8, "shrinkA": 4, "shrinkB": 4}
    axes.annotate("", *ends, arrowprops=arrow)
    text = f"{before['auc']:.2f} → {after['auc']:.2f}"
    axes.annotate(text, (1.02, y), xycoords=("axes fraction", "data"), va="center", fontsize=8)


def _caption(pairs: Sequence[tuple[pd.Series, pd.Series]]) -> str:
    whom = dict.fromkeys(str(after["whom"]) for _, after in pairs)
    parts = [
        "AUC of a plain classifier that tells the training centres apart, cross-validated, with "
        "95 % intervals; 0.5 (dotted) is not at all. Numbers of patients in brackets "
        f"({'; '.join(whom)}).",
    ]
    if any("tokens" in str(after["modality"]) for _, after in pairs):
        parts.append(
            "Tokens are what the trained encoder makes of a modality: before, in the model that "
            "was not harmonised; after, in the one that this report is about."
        )
    return " ".join(parts)
