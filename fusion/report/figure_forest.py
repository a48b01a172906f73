"""Forest plot: each centre, the mean over them, and where a new centre may lie."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fusion.report.drawing import GREY, OKABE_ITO, Blank, Drawing, canvas, png, short, style
from fusion.statistics.center_auc import CenterAuc
from fusion.statistics.pool import Pooled

_LEFT_OUT = "#9a9a9a"


def forest(
    centers: Sequence[CenterAuc],
    pooled: Pooled | None,
    *,
    task: str,
    metric: str = "AUC",
    counted: str = "positives",
    level: float = 0.95,
) -> Drawing | Blank:
    """A square and an interval per centre, a diamond for the mean, a bar for a new centre.

    The area of a square is as the weight of its centre in the mean. Centres that take no part are
    drawn hollow and grey where they have a value, and named where they have none: every centre is
    seen. Those with the most patients stand on top.

    Args:
        centers: of the task, from `center_aucs` or `center_indices`.
        pooled: from `pool_aucs`; None where it is undefined.
        task: its name.
        metric: what the values are.
        counted: what `CenterAuc.positives` are; empty where they are not to be shown.
        level: of the intervals, as it was given to both.
    """
    title = f"{metric} over centres: {task}"
    if not any(c.value is not None for c in centers):
        return Blank(title, f"the {metric} has a value at no centre")
    ordered = sorted(centers, key=lambda c: (-c.n, c.center))
    data = pd.DataFrame([_row(c) for c in ordered])
    data["weight"] = _weights(ordered, pooled)
    with style():
        figure, (axes,) = canvas(height_cm=3.2 + 0.5 * (len(ordered) + 2))
        largest = max(float(data["weight"].max()), 1e-9)
        rows = [float(y) for y in range(len(ordered))]
        for y, center, weight in zip(rows, ordered, data["weight"], strict=True):
            _center(axes, center, y, float(weight) / largest)
        labels = [
            f"{short(c.center)} ({f'{c.positives} of ' if counted else ''}{c.n})" for c in ordered
        ]
        if pooled is not None:
            _pooled(axes, pooled, len(ordered) + 0.4)
            labels += [f"mean of {pooled.centers} centres", "a new centre"]
            rows += [len(ordered) + 0.4, len(ordered) + 1.4]
        axes.set_yticks(rows, labels)
        axes.axhline(len(ordered) - 0.4, color=GREY, linewidth=0.6)
        axes.axvline(0.5, color=GREY, linewidth=0.8, linestyle=":")
        new = None if pooled is None else pooled.predicted_low
        lows = [low for low in (new, *(c.low for c in ordered)) if low is not None]
        left = np.floor(10 * min([0.4, *lows])) / 10
        axes.set(xlim=(left - 0.02, 1.02), ylim=(rows[-1] + 0.7, -0.7), xlabel=metric)
        axes.set_xticks(np.arange(left, 1.01, 0.1))
        axes.tick_params(axis="y", length=0)
        for y, text in zip(rows, _numbers(ordered, pooled), strict=True):
            place, coordinates = (1.02, y), ("axes fraction", "data")
            axes.annotate(text, place, xycoords=coordinates, va="center", fontsize=8)
        image = png(figure)
    if pooled is not None:
        rows_of_mean = pd.DataFrame(_mean_rows(pooled))
        data = pd.concat([data, rows_of_mean], ignore_index=True)
    who = f"({counted} of all patients)" if counted else "(patients)"
    caption = _caption(ordered, pooled, f"{metric} of {task} at each centre {who}", level)
    return Drawing(f"forest_{task}", title, caption, image, data)


def _center(axes: Axes, center: CenterAuc, y: float, weight: float) -> None:
    if center.value is None:
        place, coordinates = (0.02, y), ("axes fraction", "data")
        text, box = short(center.left_out, 60), {"facecolor": "white", "linewidth": 0, "pad": 1}
        axes.annotate(
            text, place, xycoords=coordinates, va="center", fontsize=6.5, color=GREY, bbox=box
        )
        return
    used = not center.left_out
    color = OKABE_ITO[0] if used else _LEFT_OUT
    if center.low is not None and center.high is not None:
        axes.plot([center.low, center.high], [y, y], color=color, linewidth=1.2, zorder=2)
    size = max(2.0, 9.0 * float(np.sqrt(weight))) if used else 4.0
    fill = color if used else "white"
    axes.plot(center.value, y, marker="s", color=color, markerfacecolor=fill, markersize=size)


def _pooled(axes: Axes, pooled: Pooled, y: float) -> None:
    color = OKABE_ITO[1]
    x = [pooled.low, pooled.value, pooled.high, pooled.value]
    if pooled.predicted_low is not None and pooled.predicted_high is not None:
        ends = [pooled.predicted_low, pooled.predicted_high]
        axes.plot(ends, [y + 1, y + 1], color=color, linewidth=2.2, solid_capstyle="butt")
        axes.plot(ends, [y + 1, y + 1], color=color, marker="|", markersize=8, linestyle="none")
    axes.fill(x, [y, y - 0.32, y, y + 0.32], color=color, zorder=3, linewidth=0)
    axes.axvline(pooled.value, color=color, linewidth=0.8, linestyle="--", zorder=1)


def _weights(centers: Sequence[CenterAuc], pooled: Pooled | None) -> list[float]:
    """Share of each centre in the mean, on the logit scale that it was taken on."""
    raw = []
    for c in centers:
        if pooled is None or c.left_out or c.value is None or c.se is None:
            raw.append(0.0)
        else:
            raw.append(1.0 / ((c.se / (c.value * (1 - c.value))) ** 2 + pooled.tau2))
    total = sum(raw)
    return [w / total if total else 0.0 for w in raw]


def _row(center: CenterAuc) -> dict[str, object]:
    return {
        "center": center.center,
        "n": center.n,
        "positives": center.positives,
        "value": center.value,
        "low": center.low,
        "high": center.high,
        "left_out": center.left_out,
    }


def _mean_rows(pooled: Pooled) -> list[dict[str, object]]:
    mean = {"center": "mean", "value": pooled.value, "low": pooled.low, "high": pooled.high}
    low, high = pooled.predicted_low, pooled.predicted_high
    return [mean, {"center": "a new centre", "value": pooled.value, "low": low, "high": high}]


def _numbers(centers: Sequence[CenterAuc], pooled: Pooled | None) -> list[str]:
    def text(value: float | None, low: float | None, high: float | None) -> str:
        if value is None:
            return ""
        inside = "" if low is None or high is None else f" ({low:.2f} to {high:.2f})"
        return f"{value:.2f}{inside}"

    rows = [text(c.value, c.low, c.high) for c in centers]
    if pooled is None:
        return rows
    low, high = pooled.predicted_low, pooled.predicted_high
    new = "" if low is None or high is None else f"{low:.2f} to {high:.2f}"
    return [*rows, text(pooled.value, pooled.low, pooled.high), new]


def _caption(centers: Sequence[CenterAuc], pooled: Pooled | None, what: str, level: float) -> str:
    out = [c for c in centers if c.left_out]
    parts = [f"{what} with {100 * level:g} % intervals; 0.5 (dotted) is chance."]
    if pooled is not None:
        parts.append(
            f"Squares are as large as the centre's weight; the diamond is the mean of "
            f"{pooled.centers} centres, I² {100 * pooled.i2:.0f} %."
        )
        if pooled.predicted_low is not None and pooled.predicted_high is not None:
            parts.append(
                f"The bar below it is where a new centre is expected: "
                f"{pooled.predicted_low:.2f} to {pooled.predicted_high:.2f}."
            )
    if out:
        names = "; ".join(f"{short(c.center)}: {c.left_out}" for c in out)
        parts.append(f"Grey centres take no part in the mean ({names}).")
    return " ".join(parts)
