"""What harmonising did: to how well the centre can be told, and to the results."""

from collections.abc import Sequence

import pandas as pd

from fusion.report.metrics_file import Metrics
from fusion.report.numbers import interval, number, value
from fusion.report.summary import RunSummary
from fusion.report.tasks import TaskInfo

NOT_HARMONISED = "not harmonised"
"""The model that was trained on what was read, without a penalty."""


_ONCE = (
    "With and without harmonising, one model each was trained: these differences hold what another "
    "seed would change, and their intervals do not show it. A sweep over seeds does (seed=0,1,2)."
)


def harmonised(metrics: Metrics, summary: RunSummary) -> list[str]:
    """A sentence for each modality and each task; none where nothing was harmonised."""
    told = [] if summary.harmonisation is None else _told(summary.harmonisation)
    changed = [sentence for task in summary.tasks if (sentence := _changed(metrics, task))]
    return [*told, *changed, *([_ONCE] if changed else [])]


def before_and_after(table: pd.DataFrame) -> Sequence[tuple[pd.Series, pd.Series]]:
    """The two rows of each modality that has both, in the table's order."""
    found = []
    for _, rows in table.groupby("modality", sort=False):
        by_time = {row["when"]: row for _, row in rows.iterrows()}
        if by_time.keys() == {"before", "after"}:
            found.append((by_time["before"], by_time["after"]))
    return found


def _told(table: pd.DataFrame) -> list[str]:
    return [
        f"A classifier tells the centre from {before['modality']} with an AUC of "
        f"{number(before['auc'])} ({number(before['low'])} to {number(before['high'])}) before and "
        f"{number(after['auc'])} ({number(after['low'])} to {number(after['high'])}) after "
        f"harmonising, in {after['n']} patients of {after['centers']} training centres "
        f"({after['whom']}); 0.5 is not at all."
        for before, after in before_and_after(table)
    ]


def _changed(metrics: Metrics, task: TaskInfo) -> str:
    """On external patients, or else on the test part."""
    for part in ("external", "internal test"):
        about = {"task": task.name, "metric": task.primary, "part": part, "model": metrics.model}
        gap = metrics.one(**about, versus=NOT_HARMONISED)
        if gap is None or gap.value is None:
            continue
        width = interval(gap)
        shown = width if width == "no interval" else f"95 % interval {width}"
        place = part.removeprefix("internal ")
        return (
            f"Harmonising changed the {place} {task.primary} of {task.name} by {value(gap)} "
            f"({shown}; {gap.n} patients)."
        )
    return ""
