"""Who lived longer: Kaplan-Meier curves of risk groups that the training patients defined."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from lifelines import KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test
from matplotlib.axes import Axes

from fusion.report.drawing import GREY, LINES, Blank, Drawing, canvas, png, style
from fusion.report.groups import Group
from fusion.report.scores import Scores, scores
from fusion.report.tasks import TaskInfo

_PANELS = {"test": "Internal test", "external": "External centres"}
_COLORS = {"low": "#0072B2", "middle": "#E69F00", "high": "#D55E00"}
_FOR_TERTILES = 60
_YEAR = 365.25


@dataclass(frozen=True)
class Cuts:
    """Risk thresholds, from training patients alone."""

    edges: tuple[float, ...]
    names: tuple[str, ...]

    @staticmethod
    def fit(risk: np.ndarray) -> "Cuts | None":
        """Tertiles of 60 patients or more, else the median; None if the risks don't differ there.

        Example:
            >>> Cuts.fit(np.arange(5.0))
            Cuts(edges=(2.0,), names=('low', 'high'))
        """
        if len(risk) == 0:
            return None
        tertiles = len(risk) >= _FOR_TERTILES
        edges = np.quantile(risk, [1 / 3, 2 / 3] if tertiles else [0.5])
        names = ("low", "middle", "high") if tertiles else ("low", "high")
        if len(set(edges.tolist())) < len(edges) or edges[-1] >= risk.max():
            return None
        return Cuts(tuple(edges.tolist()), names)

    def groups(self, risk: np.ndarray) -> np.ndarray:
        """Name of each patient's group; a risk on an edge is in the lower one."""
        return np.array(self.names)[np.searchsorted(self.edges, risk, side="left")]


def kaplan_meier(predictions: pd.DataFrame, task: TaskInfo, model: str) -> Drawing | Blank:
    """Curves internally and externally, with numbers at risk and log-rank p."""
    title = f"Survival by predicted risk: {task.name}"
    found = scores(predictions, task, model)
    trained = Group("train", "all", "all").of(found)
    cuts = Cuts.fit(trained.values[:, 0])
    if cuts is None:
        return Blank(
            title,
            f"no cut points: {len(trained)} training patients with a label and a prediction, "
            "or their risks are all alike",
        )
    inside = {part: Group(part, "all", "all").of(found) for part in _PANELS}
    if not any(len(part) for part in inside.values()):
        return Blank(title, "no test or external patients with known survival")
    years = np.ceil(max(s.target.max() for s in inside.values() if len(s)) / _YEAR)
    tables = []
    with style():
        figure, panels = canvas(height_cm=9.2, columns=2)
        for (part, label), axes in zip(_PANELS.items(), panels, strict=True):
            tables.append(_panel(axes, inside[part], cuts, years).assign(part=part))
            axes.set_title(f"{label} (n = {len(inside[part])})")
        image = png(figure)
    by = "tertiles" if len(cuts.names) == 3 else "the median"
    caption = (
        f"Kaplan-Meier curves of {task.name} by the risk that {model} predicts, with 95 % bands; "
        "ticks are patients last seen event-free. "
        f"The groups are cut at {by} of the risk of the {len(trained)} training patients, so no "
        "patient shown here had a say in where. p: log-rank test over the groups."
    )
    drawn = pd.concat([table for table in tables if len(table)])  # with folds nobody is external
    return Drawing(f"kaplan_meier_{task.name}", title, caption, image, drawn)


def _panel(axes: Axes, found: Scores, cuts: Cuts, years: float) -> pd.DataFrame:
    groups = cuts.groups(found.values[:, 0])
    step = max(1, int(np.ceil(years / 6)))
    ticks = np.arange(0, years + 1e-9, step)
    tables, lines = [], []
    for i, name in enumerate(cuts.names):
        mine = groups == name
        if not mine.any():
            lines.append((name, ["0"] * len(ticks)))
            continue
        curve = KaplanMeierFitter().fit(found.target[mine], found.event[mine] == 1)
        days = curve.survival_function_.index.to_numpy(float)
        alive = curve.survival_function_.to_numpy()[:, 0]
        band = curve.confidence_interval_.to_numpy()
        axes.step(
            days / _YEAR,
            alive,
            where="post",
            color=_COLORS[name],
            linestyle=LINES[i],
            label=f"{name} risk ({int(mine.sum())})",
        )
        censored = found.target[mine & (found.event != 1)]
        axes.plot(censored / _YEAR, curve.predict(censored), "|", color=_COLORS[name], markersize=5)
        axes.fill_between(
            days / _YEAR,
            band[:, 0],
            band[:, 1],
            step="post",
            color=_COLORS[name],
            alpha=0.15,
            linewidth=0,
        )
        lines.append((name, [str(int((found.target[mine] >= t * _YEAR).sum())) for t in ticks]))
        tables.append(
            pd.DataFrame(
                {
                    "group": name,
                    "n": int(mine.sum()),
                    "time_days": days,
                    "event_free": alive,
                    "low": band[:, 0],
                    "high": band[:, 1],
                }
            )
        )
    axes.set(xlim=(0, years), ylim=(0, 1.02), xticks=ticks, ylabel="Event-free")
    axes.set_xlabel("Years")
    _at_risk(axes, lines, ticks)
    if tables:
        axes.legend(loc="upper right", handlelength=2.2, title=_logrank(found, groups))
        return pd.concat(tables, ignore_index=True)
    axes.text(0.5, 0.5, "no patients", ha="center", color=GREY, transform=axes.transAxes)
    return pd.DataFrame(columns=["group", "n", "time_days", "event_free", "low", "high"])


def _logrank(found: Scores, groups: np.ndarray) -> str:
    if len(set(groups)) < 2 or not (found.event == 1).any():
        return "log-rank: not defined"
    p = multivariate_logrank_test(found.target, groups, found.event == 1).p_value
    return "log-rank p < 0.001" if p < 0.001 else f"log-rank p = {p:.3f}"


def _at_risk(axes: Axes, lines: Sequence[tuple[str, list[str]]], ticks: np.ndarray) -> None:
    """Numbers below the axis, one row per group."""
    axes.annotate("At risk", (0, 0), (-2, -34), "axes fraction", "offset points", fontsize=8)
    for row, (name, counts) in enumerate(lines):
        down = -46 - 11 * row
        for tick, count in zip(ticks, counts, strict=True):
            axes.annotate(
                count,
                (tick, 0),
                (0, down),
                ("data", "axes fraction"),
                "offset points",
                ha="center",
                fontsize=8,
                color=_COLORS[name],
                annotation_clip=False,
            )
        axes.annotate(
            name,
            (0, 0),
            (-10, down),
            "axes fraction",
            "offset points",
            ha="right",
            fontsize=8,
            color=_COLORS[name],
            annotation_clip=False,
        )
