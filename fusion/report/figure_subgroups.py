"""One line per subgroup: for whom it works."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from fusion.report.drawing import GREY, OKABE_ITO, Blank, Drawing, canvas, png, short, style
from fusion.report.measured import Measured, as_table
from fusion.report.task_scores import JUDGED
from fusion.report.tasks import TaskInfo

_LOOKS = {"test": (OKABE_ITO[1], "s", "white"), "external": (OKABE_ITO[0], "o", OKABE_ITO[0])}
_MOST = 40


def figure_subgroups(task: TaskInfo, model: str, rows: Sequence[Measured]) -> Drawing | Blank:
    """Dot and interval of the primary metric in each group, hollow for the test part.

    Args:
        task: any.
        model: that the rows are of.
        rows: from `subgroup_rows`. Groups without a number, and whatever comes after 40 lines, are
            left to the table.
    """
    title = f"{task.primary} in subgroups: {task.name}"
    if all(row.value is None for row in rows):
        return Blank(title, "the metric has no value in any group")
    told = {(row.outcome, row.group) for row in rows if row.value is not None}
    places = [p for p in dict.fromkeys((r.outcome, r.group) for r in rows) if p in told][:_MOST]
    parts = [part for part in JUDGED if any(row.part == part for row in rows)]
    heads = list(dict.fromkeys(name for name, _ in places))
    # a line of air before each characteristic, which carries its name
    at = {place: i + 0.9 * heads.index(place[0]) for i, place in enumerate(places)}
    with style():
        bottom = max(at.values())
        figure, (axes,) = canvas(height_cm=2.6 + 0.52 * (bottom + 1))
        for row in rows:
            if (row.outcome, row.group) in at:
                shift = 0.0 if len(parts) == 1 else 0.17 * (1 if row.part == "external" else -1)
                _dot(axes, row, at[row.outcome, row.group] + shift)
        for part in parts:
            color, marker, fill = _LOOKS[part]
            label = JUDGED[part]
            axes.plot([], [], color=color, marker=marker, markerfacecolor=fill, label=label)
            whole = next((r for r in rows if r.outcome == "all" and r.part == part), None)
            if whole is not None and whole.value is not None:
                axes.axvline(whole.value, color=color, linewidth=0.7, linestyle=(0, (4, 3)))
        axes.axvline(0.5, color=GREY, linewidth=0.8, linestyle=":")
        axes.set_yticks(list(at.values()), [_label(rows, place) for place in places])
        for name in heads[1:]:
            y = min(at[place] for place in places if place[0] == name) - 0.85
            axes.annotate(
                short(name, 30),
                (0.0, y),
                (4, 0),
                ("axes fraction", "data"),
                "offset points",
                va="center",
                fontweight="bold",
                fontsize=8,
            )
        lowest = min([0.4, *(row.low for row in rows if row.low is not None)])
        axes.set(ylim=(bottom + 0.7, -0.7), xlabel=task.primary)
        axes.set_xlim(np.floor(10 * lowest) / 10 - 0.02, 1.02)
        axes.tick_params(axis="y", length=0)
        figure.legend(loc="outside upper center", ncols=2)
        image = png(figure)
    caption = (
        f"{task.primary} of {model} for {task.name} in subgroups (number of patients: internal "
        "test, external), with 95 % intervals over patients. Dashed lines: all patients of a part; "
        "0.5 (dotted) is chance. Groups of few patients have wide intervals, or are in the table "
        "only."
    )
    return Drawing(f"subgroups_{task.name}", title, caption, image, as_table(rows))


def _dot(axes: Axes, row: Measured, y: float) -> None:
    color, marker, fill = _LOOKS[row.part]
    if row.value is None:
        return
    if row.low is not None and row.high is not None:
        axes.plot([row.low, row.high], [y, y], color=color, linewidth=1.2)
    axes.plot(row.value, y, color=color, marker=marker, markerfacecolor=fill, markersize=4.5)


def _label(rows: Sequence[Measured], place: tuple[str, str]) -> str:
    counts = {row.part: row.n for row in rows if (row.outcome, row.group) == place}
    name = "all patients" if place[0] == "all" else short(place[1])
    return f"{name} ({', '.join(str(counts[part]) for part in JUDGED if part in counts)})"
