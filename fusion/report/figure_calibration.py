"""Does a predicted 30 % happen in 30 of 100 patients?"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fusion.report.calibration_points import calibration_points
from fusion.report.drawing import (
    GREY,
    LINES,
    MARKERS,
    OKABE_ITO,
    Blank,
    Drawing,
    grid,
    png,
    short,
    style,
)
from fusion.report.outcome import is_binary, outcomes
from fusion.report.task_scores import JUDGED, TaskScores


def calibration(case: TaskScores, *, draws: int, seed: int) -> Drawing | Blank:
    """Predicted against observed frequency, internally and externally.

    Observed: the share with Wilson's interval, or for survival Kaplan-Meier's estimate at the
    horizon with Greenwood's (log-log). For two classes also a smooth curve with its band, and
    below it how many patients got which prediction.

    Args:
        case: any task; survival needs horizons.
        draws: resamples for the band.
        seed: of them.
    """
    title = f"Calibration: {case.task.name}"
    data = calibration_points(case, draws=draws, seed=seed)
    if data.empty:
        return Blank(title, "no probabilities for test or external patients")
    binary = is_binary(case.task)
    names = list(data["curve"].unique())
    parts = [part for part in JUDGED if part in set(data["part"])]
    with style():
        ratios = [1.0, 0.22] if binary else [1.0]
        figure, rows = grid(height_cm=11.4 if binary else 9.6, columns=len(parts), ratios=ratios)
        if len(parts) == 1:  # bars as wide as the square above them
            figure.set_layout_engine("constrained", rect=(0.25, 0, 0.5, 1))
        for i, part in enumerate(parts):
            here = data[data["part"] == part]
            _panel(rows[0][i], here, names)
            rows[0][i].set_title(JUDGED[part])
            if binary:
                _bars(rows[1][i], here[here["curve"] == case.main])
        fullest = max(rows[0], key=lambda axes: len(axes.get_legend_handles_labels()[1]))
        handles, labels = fullest.get_legend_handles_labels()
        columns = max(1, min(4, 110 // (8 + max(map(len, labels)))))
        legend = f"{case.task.name}: {outcomes(case.task)[0].name}" if binary else case.task.name
        figure.legend(handles, labels, loc="outside lower center", ncols=columns, title=legend)
        image = png(figure)
    return Drawing(f"calibration_{case.task.name}", title, _caption(case, binary), image, data)


def _panel(axes: Axes, data: pd.DataFrame, names: list[str]) -> None:
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle=":")
    for name, mine in data.groupby("curve", sort=False):
        i = names.index(str(name))
        color, shape = OKABE_ITO[i % len(OKABE_ITO)], MARKERS[i % len(MARKERS)]
        curve = mine[mine["kind"] == "curve"]
        if len(curve) and "low" in curve and curve["low"].notna().all():
            axes.fill_between(
                curve["predicted"], curve["low"], curve["high"], color=color, alpha=0.15, lw=0
            )
        if len(curve):
            axes.plot(curve["predicted"], curve["observed"], color=color, linestyle=LINES[i % 7])
        points = mine[mine["kind"] == "group"]
        observed = points["observed"]
        spread = np.clip([observed - points["low"], points["high"] - observed], 0, None)
        axes.errorbar(
            points["predicted"],
            observed,
            yerr=spread,
            color=color,
            marker=shape,
            markersize=4.5,
            elinewidth=0.9,
            linewidth=1.1,
            linestyle="none" if len(curve) else LINES[i % 7],
        )
        label = short(str(name))
        axes.plot(
            [], [], color=color, marker=shape, linestyle=LINES[i % 7], markersize=4.5, label=label
        )
    if data.empty:
        axes.text(0.5, 0.6, "no patients", ha="center", color=GREY)
    axes.set(xlabel="Predicted probability", ylabel="Observed frequency")
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")


def _bars(axes: Axes, data: pd.DataFrame) -> None:
    """Patients with the outcome upwards, those without downwards."""
    bars = data[data["kind"] == "histogram"]
    if not bars.empty:
        axes.bar(bars["predicted"], bars["positive"], width=0.045, color=OKABE_ITO[0])
        axes.bar(bars["predicted"], -bars["negative"], width=0.045, color="#b0b0b0")
        highest = float(max(bars["positive"].max(), bars["negative"].max()))
        axes.set_yticks([-highest, 0, highest], [f"{highest:g}", "0", f"{highest:g}"])
    axes.axhline(0, color=GREY, linewidth=0.6)
    axes.set(xlim=(-0.02, 1.02), xticks=[], ylabel="Patients")
    axes.spines["bottom"].set_visible(False)


def _caption(case: TaskScores, binary: bool) -> str:
    what = "Points on the dotted diagonal are predictions that come true as often as they say"
    alive = " (Kaplan-Meier)" if case.task.kind == "survival" else ""
    text = (
        f"{what}: points are groups of patients alike in their prediction, bars 95 % intervals of "
        f"the observed frequency{alive}."
    )
    if not binary:
        return text
    return (
        f"{text} Lines are smooth curves without groups, with a pointwise 95 % band for "
        f"{case.main}. Below: how many patients got which prediction from {case.main}, those with "
        f"{outcomes(case.task)[0].name} upwards in blue, those without downwards in grey; a curve "
        "says little where there are few."
    )
