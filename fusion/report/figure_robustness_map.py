"""Every subset of modalities beside every task: what is left of the metric."""

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import TwoSlopeNorm

from fusion.report.drawing import Drawing, canvas, png, short, style
from fusion.report.figure_presence_dots import presence_dots
from fusion.report.measured import Measured, as_table
from fusion.report.numbers import number
from fusion.report.robustness_rows import LOST, modalities
from fusion.report.task_scores import JUDGED
from fusion.report.tasks import TaskInfo

_LEGIBLE = 64
"""Subsets up to which the numbers are printed."""


def figure_robustness_map(tasks: Sequence[TaskInfo], rows: Sequence[Measured]) -> Drawing:
    """A line per subset, a column per task and part; the colour says what was lost.

    Args:
        tasks: in the order of the columns.
        rows: from `robustness_rows`, of all tasks.
    """
    names = list(dict.fromkeys(row.model for row in rows))
    names.sort(key=lambda name: (-len(modalities(name)), name))
    every = sorted({m for name in names for m in modalities(name)})
    found = {(row.task, row.part) for row in rows}
    columns = [(t, part) for t in tasks for part in JUDGED if (t.name, part) in found]
    place = {(t.name, part): x for x, (t, part) in enumerate(columns)}
    value, lost = (np.full((len(names), len(columns)), np.nan) for _ in range(2))
    for row in rows:
        cells = lost if row.measure == LOST else value
        y, x = names.index(row.model), place[row.task, row.part]
        cells[y, x] = np.nan if row.value is None else row.value
    lost[0] = 0.0 * value[0]
    with style():
        widths = [0.5 * len(every), 2.0 * len(columns)]
        figure, (left, right) = canvas(height_cm=4.5 + 0.5 * len(names), columns=2, widths=widths)
        presence_dots(left, names, every)
        worst = max(0.05, float(np.nanmax(np.abs(lost), initial=0.0)))
        scale = TwoSlopeNorm(0.0, -worst, worst)
        image = right.imshow(lost, cmap="RdBu_r", norm=scale, aspect="auto")
        for y, x in np.ndindex(value.shape) if len(names) <= _LEGIBLE else ():
            said = "–" if np.isnan(value[y, x]) else number(float(value[y, x]), decimals=2)
            dark = abs(lost[y, x]) > 0.6 * worst
            right.text(x, y, said, ha="center", va="center", color="white" if dark else "black")
        titles = [
            f"{short(t.name, 16)}\n{t.primary}\n{JUDGED[part].lower()}" for t, part in columns
        ]
        right.set_xticks(range(len(columns)), titles)
        right.tick_params(length=0, labeltop=True, labelbottom=False)
        right.set_yticks([])
        right.spines[:].set_visible(False)
        figure.colorbar(image, ax=right, label="lost against everything", shrink=0.5)
        drawn = png(figure)
    caption = (
        "What is left of each metric where only the modalities with a black dot are there and the "
        "others are hidden, always in the same patients, who have them all. The colour is the loss "
        "against the first line. The model was not trained again."
    )
    return Drawing("robustness_map", "Every subset of modalities", caption, drawn, as_table(rows))
