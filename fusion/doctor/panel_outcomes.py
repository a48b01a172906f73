"""Panels: what is known of the outcomes."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from fusion.data.cohort import Cohort
from fusion.data.targets import EVENT, TIME
from fusion.report.drawing import OKABE_ITO, short

UNKNOWN_COLOR = "#e4e4e4"

_YEAR_DAYS = 365.25
_HATCHES = ("", "///", "...", "xxx")
"""One for each time that the colours have to be used again."""


def class_panel(axes: Axes, rows: pd.DataFrame, centers: list[str]) -> None:
    """Patients of each class at each centre, as stacked bars; those not known in pale grey."""
    wide = rows.pivot_table("patients", "center", "label", aggfunc="sum").loc[centers]
    share = wide.div(wide.sum(axis=1), axis=0)
    left = np.zeros(len(centers))
    for i, label in enumerate([*(c for c in wide.columns if c), ""]):
        color = OKABE_ITO[i % len(OKABE_ITO)] if label else UNKNOWN_COLOR
        values = share[label].to_numpy()
        axes.barh(
            range(len(centers)),
            values,
            left=left,
            height=0.78,
            color=color,
            hatch=_HATCHES[i // len(OKABE_ITO) % len(_HATCHES)] if label else "",
            edgecolor="white",
            linewidth=0.5,
            label=short(label, 18) if label else "not known",
        )
        for row, (x, width) in enumerate(zip(left, values, strict=True)):
            if width > 0.045:
                ink = "white" if label else "black"
                count = str(wide[label].iloc[row])
                axes.text(
                    x + width / 2, row, count, ha="center", va="center", color=ink, fontsize=7
                )
        left += values
    axes.set(ylim=(len(centers) - 0.5, -0.5), xlim=(0, 1), xticks=[])
    axes.set_yticks(range(len(centers)), [short(c, 20) for c in centers])
    axes.tick_params(axis="y", length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(short(str(rows["target"].iloc[0]), 40), pad=4)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=2, handlelength=1, fontsize=7)


def time_panel(axes: Axes, cohort: Cohort, name: str) -> None:
    """How long patients were followed, to an event or to the last contact."""
    known = cohort.targets[[name + TIME, name + EVENT]].dropna()
    years = known[name + TIME].to_numpy(float) / _YEAR_DAYS
    event = known[name + EVENT].to_numpy(float) == 1
    axes.hist(
        [years[event], years[~event]],
        bins=24,
        stacked=True,
        color=[OKABE_ITO[1], OKABE_ITO[5]],
        label=[f"event ({event.sum()})", f"censored ({(~event).sum()})"],
        edgecolor="white",
        linewidth=0.4,
    )
    axes.set(xlabel="years of follow-up", ylabel="patients")
    axes.set_xlim(left=min([0.0, *years]))  # a time below zero is a fault to be seen
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    blank = len(cohort.patients) - len(known)
    axes.set_title(f"{short(name, 24)}: follow-up of {len(known)} patients, not known of {blank}")
    axes.legend(fontsize=7.5)
