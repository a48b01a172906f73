"""What is left of the fusion when modalities are missing."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from fusion.report.drawing import GREY, OKABE_ITO, Drawing, canvas, png, style
from fusion.report.figure_presence_dots import presence_dots
from fusion.report.measured import Measured, as_table
from fusion.report.robustness_rows import LOST, modalities
from fusion.report.task_scores import JUDGED
from fusion.report.tasks import TaskInfo

_LOOKS = {"test": (OKABE_ITO[1], "s", "white"), "external": (OKABE_ITO[0], "o", OKABE_ITO[0])}


def figure_robustness(task: TaskInfo, rows: Sequence[Measured]) -> Drawing:
    """A line per subset: dots say what is left, on the right the primary metric with it.

    Args:
        task: any.
        rows: from `robustness_rows`.
    """
    values = [row for row in rows if row.measure != LOST]
    names = list(dict.fromkeys(row.model for row in values))
    every = sorted({m for name in names for m in modalities(name)})
    parts = [part for part in JUDGED if any(row.part == part for row in values)]
    with style():
        height, widths = 3.4 + 0.5 * len(names), [0.1 * len(every) + 0.05, 1.0]
        figure, (left, right) = canvas(height_cm=height, columns=2, widths=widths)
        presence_dots(left, names, every)
        for row in values:
            shift = 0.0 if len(parts) == 1 else 0.16 * (1 if row.part == "external" else -1)
            _dot(right, row, names.index(row.model) + shift)
        for part in parts:
            color, marker, fill = _LOOKS[part]
            n = max(row.n for row in values if row.part == part)
            label = f"{JUDGED[part]} (n = {n})"
            right.plot([], [], color=color, marker=marker, markerfacecolor=fill, label=label)
            whole = next(row for row in values if row.part == part)
            if whole.value is not None:
                right.axvline(whole.value, color=color, linewidth=0.7, linestyle=(0, (4, 3)))
        right.axvline(0.5, color=GREY, linewidth=0.8, linestyle=":")
        lowest = min([0.4, *(row.low for row in values if row.low is not None)])
        right.set_xlim(np.floor(10 * lowest) / 10 - 0.02, 1.02)
        right.set(ylim=(len(names) - 0.5, -0.5), yticks=[], xlabel=task.primary)
        for axes in (left, right):
            for i in range(0, len(names), 2):
                axes.axhspan(i - 0.5, i + 0.5, color="#f3f3f3", linewidth=0, zorder=0)
        figure.legend(loc="outside upper center", ncols=2)
        image = png(figure)
    caption = (
        f"{task.primary} of {task.name} where only some modalities are left (black dots on the "
        "left) and the others are hidden, with 95 % intervals, always in the same patients, who "
        "have them all. Dashed lines: nothing hidden; 0.5 (dotted) is chance. The model was not "
        "trained again. Where patients lack a modality for a reason, such as a tumour that is not "
        "operated on, hiding it from others does not show what happens to them."
    )
    title = f"Without some modalities: {task.name}"
    return Drawing(f"robustness_{task.name}", title, caption, image, as_table(rows))


def _dot(axes: Axes, row: Measured, y: float) -> None:
    if row.value is None:
        return
    color, marker, fill = _LOOKS[row.part]
    if row.low is not None and row.high is not None:
        axes.plot([row.low, row.high], [y, y], color=color, linewidth=1.2)
    axes.plot(row.value, y, color=color, marker=marker, markerfacecolor=fill, markersize=4.5)
