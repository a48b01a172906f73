"""The external results of a run as one Markdown table, to copy into a paper or a README."""

from collections.abc import Sequence

from fusion.report.metric_row import MetricRow
from fusion.report.metrics_file import Metrics
from fusion.report.numbers import interval, p_value, value
from fusion.report.tasks import TaskInfo


def headline_table(metrics: Metrics, tasks: Sequence[TaskInfo]) -> str:
    """One line for each task and model: n, value, and fusion minus it on the same patients."""
    compared = any(row.versus is not None for row in metrics.rows)
    head = ["Task", "Metric", "Model", "n", "External (95 %)"]
    head += [f"{metrics.model} minus it", "p"] if compared else []
    lines = [head, ["---"] * len(head)]
    for task in tasks:
        about = {"task": task.name, "metric": task.primary, "part": "external"}
        names = dict.fromkeys(row.model for row in metrics.rows if row.versus is None)
        for name in names:
            row = metrics.one(model=name, **about)
            if row is None:
                continue
            gap = metrics.one(model=metrics.model, versus=name, **about)
            own = [task.name, task.primary, name, str(row.n), shown(row)]
            gaps = [shown(gap), "" if gap is None else p_value(gap.p)] if compared else []
            lines.append([*own, *gaps])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def shown(row: MetricRow | None) -> str:
    """Value and interval, or nothing."""
    if row is None:
        return ""
    return f"{value(row)} ({interval(row)})" if row.value is not None else value(row)
