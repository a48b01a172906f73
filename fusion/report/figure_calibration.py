"""Does a predicted 30 % happen in 30 of 100 patients?"""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from lifelines import KaplanMeierFitter
from statsmodels.stats.proportion import proportion_confint

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
from fusion.report.groups import Group
from fusion.report.scores import Scores, scores
from fusion.report.tasks import TaskInfo

_PANELS = {"test": "Internal test", "external": "External centres"}
_PER_BIN, _MOST_BINS = 12, 8


def calibration(
    predictions: pd.DataFrame, task: TaskInfo, models: Sequence[str]
) -> Drawing | Blank:
    """Predicted against observed frequency in groups of patients alike in their prediction.

    Observed: the share with Wilson's interval, or for survival Kaplan-Meier's estimate at the
    horizon with Greenwood's (log-log). Groups have at least 12 patients, or all there are.

    Args:
        predictions: of the run.
        task: any; survival needs horizons.
        models: the one that the report is about first. With two classes a second is drawn too.
    """
    title = f"Calibration: {task.name}"
    points = list(_points(predictions, task, models))
    if not points:
        return Blank(title, "no probabilities for test or external patients")
    data = pd.DataFrame(points)
    names = list(data["curve"].unique())
    parts = [part for part in _PANELS if part in set(data["part"])]
    with style():
        figure, panels = canvas(height_cm=9.6, columns=len(parts))
        for part, axes in zip(parts, panels, strict=True):
            axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle=":")
            for name, rows in data[data["part"] == part].groupby("curve", sort=False):
                i = names.index(name) % len(OKABE_ITO)
                observed = rows["observed"]
                below, above = observed - rows["low"], rows["high"] - observed
                axes.errorbar(
                    rows["predicted"],
                    observed,
                    yerr=np.clip([below, above], 0, None),  # -1e-17 by rounding
                    color=OKABE_ITO[i],
                    marker=MARKERS[i],
                    markersize=4.5,
                    elinewidth=0.9,
                    linewidth=1.1,
                    label=short(str(name)),
                )
            axes.set(xlabel="Predicted probability", ylabel="Observed frequency")
            axes.set_title(_PANELS[part])
            axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
        fullest = max(panels, key=lambda axes: len(axes.get_legend_handles_labels()[1]))
        figure.legend(
            *fullest.get_legend_handles_labels(),
            loc="outside lower center",
            ncols=4,
            title=task.name,
        )
        image = png(figure)
    alive = ", probability to be event-free" if task.kind == "survival" else ""
    caption = (
        f"Calibration of {task.name}{alive}. Points on the dotted diagonal are predictions that "
        "come true as often as they say; bars are 95 % intervals of the observed frequency."
    )
    return Drawing(f"calibration_{task.name}", title, caption, image, data)


def _points(
    predictions: pd.DataFrame, task: TaskInfo, models: Sequence[str]
) -> Iterator[dict[str, object]]:
    binary = task.kind != "survival" and len(task.classes) == 2
    for part in _PANELS:
        for model in models[:2] if binary else models[:1]:
            found = Group(part, "all", "all").of(scores(predictions, task, model))
            for column, name in enumerate(task.columns):
                if (binary and column == 0) or name == "risk" or len(found) == 0:
                    continue
                if np.isnan(found.values[:, column]).any():
                    continue
                curve = f"{model}: {name}" if binary else name.replace("survival_", "day ")
                for rows in _bins(found.values[:, column]):
                    low, observed, high = _observed(found, rows, task, column)
                    yield {
                        "part": part,
                        "curve": curve,
                        "n": len(rows),
                        "predicted": float(found.values[rows, column].mean()),
                        "observed": observed,
                        "low": low,
                        "high": high,
                    }


def _bins(value: np.ndarray) -> list[np.ndarray]:
    """Rows in ascending order, cut into groups of nearly one size."""
    count = int(np.clip(len(value) // _PER_BIN, 1, _MOST_BINS))
    return np.array_split(np.argsort(value, kind="stable"), count)


def _observed(
    found: Scores, rows: np.ndarray, task: TaskInfo, column: int
) -> tuple[float, float, float]:
    if task.kind != "survival":
        hits = int((found.target[rows] == column).sum())
        low, high = proportion_confint(hits, len(rows), method="wilson")
        return float(low), hits / len(rows), float(high)
    days = task.horizons_days[column - 1]
    curve = KaplanMeierFitter().fit(found.target[rows], found.event[rows])
    interval = curve.confidence_interval_.loc[:days].iloc[-1]
    return float(interval.iloc[0]), float(curve.predict(days)), float(interval.iloc[1])
