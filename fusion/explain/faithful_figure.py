"""Curves of insertion and deletion, over patients."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fusion.explain.faithful import Curves
from fusion.report.drawing import GREY, LINES, OKABE_ITO, Drawing, canvas, png, style

_SAID = {
    "insertion": "most telling {} only",
    "random": "blind draw",
    "deletion": "least telling {} only",
}

_NONE = {"tiles": "of average tiles", "cells": "without any"}


def faithful_figure(
    name: str, answer: str, found: Sequence[Curves], parts: str = "tiles"
) -> Drawing:
    """Mean over patients; the band is one standard error.

    Args:
        name: of the files.
        answer: what is explained, for a reader.
        found: of one patient each, with the same shares.
        parts: what is left out: tiles, or cells.
    """
    shares = found[0].shares
    rows = []
    with style():
        figure, (axes,) = canvas(width_cm=11.0, height_cm=7.5)
        for (what, label), colour, line in zip(_SAID.items(), OKABE_ITO, LINES, strict=False):
            heights = np.array([getattr(each, what) for each in found])
            mean = heights.mean(axis=0)
            error = heights.std(axis=0, ddof=min(1, len(found) - 1)) / np.sqrt(len(found))
            axes.plot(shares, mean, color=colour, linestyle=line, label=label.format(parts))
            axes.fill_between(shares, mean - error, mean + error, color=colour, alpha=0.15, lw=0)
            rows += [
                {
                    parts: what,
                    "share": s,
                    "evidence": m,
                    "standard_error": e,
                    "patients": len(found),
                }
                for s, m, e in zip(shares, mean, error, strict=True)
            ]
        axes.axhline(0, color=GREY, linewidth=0.8, linestyle=":")
        axes.set(
            xscale="log", xlabel=f"share of the {parts} left", ylabel=f"evidence of the {parts}"
        )
        axes.set_xticks([0.01, 0.03, 0.1, 0.3, 1.0], ["1 %", "3 %", "10 %", "30 %", "100 %"])
        axes.minorticks_off()
        axes.legend(loc="best")
        image = png(figure)
    caption = (
        f"{answer}: what is said with a part of the {parts}, in the direction in which all of them "
        f"push it, beyond what is said {_NONE[parts]} (0). Mean of "
        f"{len(found)} patients, with one standard error. Where the explanation holds, the most "
        f"telling {parts} alone already say it (above the blind draw) and the least telling ones "
        "do not (below)."
    )
    return Drawing(name, f"Insertion and deletion: {answer}", caption, image, pd.DataFrame(rows))
