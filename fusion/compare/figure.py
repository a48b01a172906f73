"""Forest plot: how far each head and each modality alone is from the clinical model."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fusion.compare.family import Family
from fusion.compare.row import Row
from fusion.report.drawing import GREY, OKABE_ITO, Blank, Drawing, canvas, png, short, style
from fusion.report.numbers import number
from fusion.run.clinical import MODEL as CLINICAL

_WHERE = {"external": "external patients", "test": "internal test patients"}
_LEAST = 0.05
"""Difference that an axis shows at least, on both sides."""


def forest(family: Family, part: str) -> Drawing | Blank:
    """A line for each model: thick its own 95 % interval, thin the one of the whole family."""
    task, where = family.task, _WHERE[part]
    title = f"{task.primary} minus the clinical model's: {task.name}, {where}"
    heads, singles = (
        sorted(family.of(part, CLINICAL, kind), key=lambda r: -(r.value or 0.0))
        for kind in ("head", "single")
    )
    rows = [r for r in (*heads, *singles) if r.value is not None]
    if not rows:
        return Blank(title, "no difference has a value")
    places = [float(i) + (0.6 if r.kind == "single" and heads else 0.0) for i, r in enumerate(rows)]
    with style():
        figure, (axes,) = canvas(height_cm=2.6 + 0.62 * len(rows))
        for y, row in zip(places, rows, strict=True):
            _line(axes, row, y)
        axes.axvline(0.0, color=GREY, linewidth=0.8)
        if heads and singles:
            axes.axhline(
                places[len([r for r in rows if r.kind == "head"])] - 0.8,
                color=GREY,
                linewidth=0.5,
                linestyle=":",
            )
        axes.set_yticks(places, [short(r.model, 30) for r in rows])
        axes.set_ylim(places[-1] + 0.7, -0.7)
        axes.set_xlim(*_limits(rows))
        axes.set_xlabel(
            f"difference in {task.primary}; right of 0 is better than the clinical model"
        )
        axes.tick_params(axis="y", length=0)
        for y, row in zip(places, rows, strict=True):
            axes.annotate(
                _text(row), (1.02, y), xycoords=("axes fraction", "data"), va="center", fontsize=7.5
            )
        image = png(figure)
    data = pd.DataFrame(
        [
            {
                "model": r.model,
                "value": r.value,
                "low": r.low,
                "high": r.high,
                "low_family": r.low_family,
                "high_family": r.high_family,
                "p_holm": r.p_holm,
                "verdict": r.verdict,
                "n": r.n,
            }
            for r in rows
        ]
    )
    caption = (
        f"Each model minus the clinical model on the same {where}, mean over {_folds(rows)}. "
        f"Thick: 95 % interval of that difference alone. Thin: as wide as {family.tests} tests of "
        "this task ask for (Bonferroni). A filled square: a difference is shown after Holm's "
        "correction. Lines that reach the edge go on beyond it."
    )
    return Drawing(f"forest_{task.name}_{part}", title, caption, image, data)


def _line(axes: Axes, row: Row, y: float) -> None:
    color = OKABE_ITO[0] if row.kind == "head" else OKABE_ITO[1]
    assert row.value is not None
    if row.low_family is not None and row.high_family is not None:
        axes.plot([row.low_family, row.high_family], [y, y], color=color, linewidth=0.9, zorder=1)
    if row.low is not None and row.high is not None:
        axes.plot(
            [row.low, row.high],
            [y, y],
            color=color,
            linewidth=3,
            alpha=0.55,
            solid_capstyle="butt",
            zorder=2,
        )
    shown = row.verdict in ("better", "worse")
    axes.plot(
        row.value,
        y,
        marker="s",
        color=color,
        markersize=5.5,
        zorder=3,
        markerfacecolor=color if shown else "white",
        clip_on=True,
    )


def _limits(rows: Sequence[Row]) -> tuple[float, float]:
    """Room for every 95 % interval; the wider ones of the family may run out of the picture."""
    ends = [x for r in rows for x in (r.value, r.low, r.high) if x is not None]
    widest = max(_LEAST, *(abs(x) for x in ends))
    far = [x for r in rows for x in (r.low_family, r.high_family) if x is not None]
    room = min(1.5 * widest, max([widest, *(abs(x) for x in far)]))
    return -float(np.clip(1.05 * room, 0, 1.05)), float(np.clip(1.05 * room, 0, 1.05))


def _text(row: Row) -> str:
    assert row.value is not None
    value = number(row.value, signed=True, decimals=2)
    if row.low is None or row.high is None:
        return f"{value}  {row.verdict}"
    low, high = (number(x, signed=True, decimals=2) for x in (row.low, row.high))
    said = "not shown" if row.verdict == "no difference shown" else row.verdict
    return f"{value} ({low} to {high})  {said}"


def _folds(rows: Sequence[Row]) -> str:
    most = max(r.folds for r in rows)
    return f"{most} fold{'s' if most > 1 else ''}"
