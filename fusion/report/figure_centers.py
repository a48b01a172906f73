"""One line per centre: where it works, and how sure that is."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fusion.report.drawing import (
    GREY,
    MARKERS,
    OKABE_ITO,
    Blank,
    Drawing,
    canvas,
    png,
    short,
    style,
)
from fusion.report.metric_row import MetricRow
from fusion.report.small_centers import without_small
from fusion.report.tasks import TaskInfo

_MOST_LINES = 60
_PARTS = ("internal test", "external")


def centers(rows: Sequence[MetricRow], task: TaskInfo, models: Sequence[str]) -> Drawing | Blank:
    """Dot and interval of the primary metric for each model, pooled and at each centre.

    Args:
        rows: of the run.
        task: any.
        models: the one that the report is about first. Where all would be more than 60 lines,
            only the first two are drawn.
    """
    title = f"{task.primary} by centre: {task.name}"
    mine, small = without_small(
        [
            r
            for r in rows
            if r.task == task.name
            and r.metric == task.primary
            and r.versus is None
            and r.part in _PARTS
        ]
    )
    places = list(dict.fromkeys((r.part, r.cohort, r.center) for r in mine))
    if not any(r.value is not None for r in mine):
        return Blank(title, "the metric has no value at any centre")
    drawn = list(models if len(places) * len(models) <= _MOST_LINES else models[:2])
    mine = [r for r in mine if r.model in drawn]
    with style():
        figure, (axes,) = canvas(height_cm=2.4 + len(places) * (0.32 + 0.26 * len(drawn)))
        for i, place in enumerate(places):
            if i % 2 == 0:
                axes.axhspan(i - 0.5, i + 0.5, color="#f3f3f3", linewidth=0)
            for row in [r for r in mine if (r.part, r.cohort, r.center) == place]:
                j = drawn.index(row.model)
                y = i + 0.8 * ((j + 0.5) / len(drawn) - 0.5)
                _dot(axes, row, y, j)
        for j, name in enumerate(drawn):
            axes.plot([], [], color=OKABE_ITO[j % 7], marker=MARKERS[j % 7], label=short(name))
        axes.axvline(0.5, color=GREY, linewidth=0.8, linestyle=":")
        axes.set_yticks(range(len(places)), [_label(mine, place) for place in places])
        lowest = min([0.4, *(r.low for r in mine if r.low is not None)])
        axes.set(ylim=(len(places) - 0.5, -0.5), xlabel=task.primary)
        axes.set_xlim(np.floor(10 * lowest) / 10 - 0.02, 1.02)
        axes.tick_params(axis="y", length=0)
        figure.legend(loc="outside upper center", ncols=min(5, len(drawn)), handlelength=1.8)
        image = png(figure)
    few = "" if len(drawn) == len(models) else f" Only {' and '.join(drawn)} are drawn."
    left = f" {small}" if small else ""
    caption = (
        f"{task.primary} of {task.name} in all patients of a part and at each centre, with 95 % "
        f"intervals over patients; 0.5 (dotted) is chance. Centres with few patients have wide "
        f"intervals; their order says little.{few}{left}"
    )
    return Drawing(f"centers_{task.name}", title, caption, image, pd.DataFrame(map(asdict, mine)))


def _dot(axes: Axes, row: MetricRow, y: float, look: int) -> None:
    color = OKABE_ITO[look % len(OKABE_ITO)]
    if row.value is None:
        axes.annotate(
            "not defined",
            (0, y),
            (3, 0),
            ("axes fraction", "data"),
            "offset points",
            va="center",
            fontsize=6.5,
            color=color,
        )
        return
    if row.low is not None and row.high is not None:
        axes.plot([row.low, row.high], [y, y], color=color, linewidth=1.3)
    axes.plot(row.value, y, color=color, marker=MARKERS[look % len(MARKERS)], markersize=4.5)


def _label(rows: Sequence[MetricRow], place: tuple[str, str, str]) -> str:
    part, cohort, center = place
    n = max(r.n for r in rows if (r.part, r.cohort, r.center) == place)
    where = center if center != "all" else "all" if cohort == "all" else f"all of {cohort}"
    return f"{part.removeprefix('internal ')}: {short(where)} ({n})"
