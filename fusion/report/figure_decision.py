"""Decision curves: is acting on the model worth more than acting on all, or on none?"""

import pandas as pd
from matplotlib.axes import Axes

from fusion.report.drawing import GREY, LINES, OKABE_ITO, Blank, Drawing, grid, png, short, style
from fusion.report.outcome import outcomes
from fusion.report.task_scores import JUDGED, TaskScores

_MOST = 4
"""Outcomes that fit on a page below each other."""


def decision(case: TaskScores, data: pd.DataFrame) -> Drawing | Blank:
    """A row of panels per outcome, internally and externally.

    Of more than four outcomes the first four are drawn; the CSV has them all.

    Args:
        case: any task.
        data: from `decision_table`.
    """
    title = f"Net benefit: {case.task.name}"
    if data.empty:
        return Blank(title, "no probabilities of test or external patients, or no follow-up")
    names = [o.name for o in outcomes(case.task) if o.name in set(data["outcome"])]
    drawn = names[:_MOST]
    parts = [part for part in JUDGED if part in set(data["part"])]
    with style():
        height = 2.6 + (5.6 if len(drawn) > 1 else 6.6) * len(drawn)
        figure, rows = grid(height_cm=height, columns=len(parts), ratios=[1.0] * len(drawn))
        for axes_of_row, name in zip(rows, drawn, strict=True):
            mine = data[data["outcome"] == name]
            highest = 1.1 * float(mine[["net_benefit", "high", "act_on_all"]].max().max())
            for axes, part in zip(axes_of_row, parts, strict=True):
                here = mine[mine["part"] == part]
                _panel(axes, case, here)
                axes.set_title(f"{JUDGED[part]}: {short(name, 30)}")
                axes.set(ylim=(-0.25 * highest, max(highest, 0.01)))
                axes.set(xlabel="Threshold probability", ylabel="Net benefit")
        fullest = max(
            (axes for row in rows for axes in row),
            key=lambda axes: len(axes.get_legend_handles_labels()[1]),
        )
        figure.legend(*fullest.get_legend_handles_labels(), loc="outside lower center", ncols=4)
        image = png(figure)
    few = "" if len(drawn) == len(names) else f" The first {_MOST} of {len(names)} are drawn."
    caption = (
        f"Net benefit of acting on {case.main} for {case.task.name}: patients rightly acted on per "
        "patient, less those acted on in vain, weighed by the odds of the threshold. A model is of "
        "use at thresholds where it lies above both acting on all and acting on none (0). Bands "
        f"are pointwise 95 % intervals of {case.main}. Which threshold is right, a clinician must "
        f"say: at 0.2, four may be acted on in vain for one who needs it.{few}"
    )
    return Drawing(f"decision_{case.task.name}", title, caption, image, data)


def _panel(axes: Axes, case: TaskScores, data: pd.DataFrame) -> None:
    axes.axhline(0, color="black", linewidth=0.9, linestyle="-", label="act on none")
    if data.empty:
        axes.text(0.5, 0.5, "no curve", ha="center", color=GREY, transform=axes.transAxes)
        return
    for i, model in enumerate(case.pair):
        mine = data[data["model"] == model]
        if mine.empty:
            continue
        x = mine["threshold"]
        if model == case.main:
            axes.plot(x, mine["act_on_all"], color=GREY, linestyle=":", label="act on all")
            axes.fill_between(
                x, mine["low"], mine["high"], color=OKABE_ITO[i], alpha=0.15, linewidth=0
            )
        axes.plot(
            x, mine["net_benefit"], label=short(model), color=OKABE_ITO[i], linestyle=LINES[i]
        )
