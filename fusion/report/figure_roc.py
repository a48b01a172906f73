"""How sensitivity is bought with false alarms, internally and externally."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from sklearn.metrics import roc_curve

from fusion.metrics.auc import auc
from fusion.report.drawing import GREY, LINES, OKABE_ITO, Blank, Drawing, canvas, png, short, style
from fusion.report.groups import Group
from fusion.report.scores import scores
from fusion.report.tasks import TaskInfo

_PANELS = {"test": "Internal test", "external": "External centres"}


def roc(predictions: pd.DataFrame, task: TaskInfo, models: Sequence[str]) -> Drawing | Blank:
    """A curve per model for two classes; with more, one per class against the rest.

    Args:
        predictions: of the run.
        task: not survival.
        models: the one that the report is about first; with more than two classes only this
            one is drawn.
    """
    title = f"ROC curves: {task.name}"
    curves = list(_curves(predictions, task, models))
    if not curves:
        return Blank(title, "no test or external patients of two classes")
    data = pd.concat(curves, ignore_index=True)
    names = list(data["curve"].unique())
    parts = [part for part in _PANELS if part in set(data["part"])]
    with style():
        figure, panels = canvas(height_cm=8.6, columns=len(parts))
        for part, axes in zip(parts, panels, strict=True):
            axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle=":")
            for name, rows in data[data["part"] == part].groupby("curve", sort=False):
                i = names.index(name)
                axes.plot(
                    rows["false_positive_rate"],
                    rows["true_positive_rate"],
                    color=OKABE_ITO[i % len(OKABE_ITO)],
                    linestyle=LINES[i % len(LINES)],
                    label=f"{short(str(name))}: {rows['auc'].iloc[0]:.2f}",
                )
            axes.legend(loc="lower right", handlelength=2.6, title=f"{task.name}: area")
            axes.set(xlabel="1 − specificity", ylabel="Sensitivity", aspect="equal")
            axes.set_title(_PANELS[part])
            axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
        image = png(figure)
    what = "each model" if len(task.classes) == 2 else f"{models[0]}, each class against the rest"
    caption = (
        f"Receiver operating characteristic of {task.name}: {what}. The further a curve bends to "
        "the upper left, the better; the dotted diagonal is chance."
    )
    return Drawing(f"roc_{task.name}", title, caption, image, data)


def _curves(
    predictions: pd.DataFrame, task: TaskInfo, models: Sequence[str]
) -> Iterator[pd.DataFrame]:
    binary = len(task.classes) == 2
    for part in _PANELS:
        for model in models if binary else models[:1]:
            found = Group(part, "all", "all").of(scores(predictions, task, model))
            for column in [1] if binary else range(len(task.classes)):
                positive = found.target == column
                if not 0 < positive.sum() < len(positive):
                    continue
                value = found.values[:, column]
                false_positive, true_positive, threshold = roc_curve(positive, value)
                yield pd.DataFrame(
                    {
                        "part": part,
                        "curve": model if binary else task.classes[column],
                        "n": len(found),
                        "positives": int(positive.sum()),
                        "auc": auc(value, positive),
                        "threshold": np.where(np.isinf(threshold), np.nan, threshold),
                        "false_positive_rate": false_positive,
                        "true_positive_rate": true_positive,
                    }
                )
