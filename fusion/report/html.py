"""One HTML file that needs nothing else: no script, no network."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fusion.report.drawing import Blank, Drawing
from fusion.report.groups import PART_NAMES
from fusion.report.headline import headline
from fusion.report.limits import limits
from fusion.report.metrics_file import Metrics
from fusion.report.summary import RunSummary
from fusion.report.tables import by_center, differences, results
from fusion.report.who import (
    PART_TITLES,
    excluded_by_reason,
    labels_by_part,
    patients_by_center,
    presence_by_center,
)

_TEMPLATES = Path(__file__).parent / "templates"


def render(
    predictions: pd.DataFrame,
    summary: RunSummary,
    metrics: Metrics,
    figures: Sequence[Drawing | Blank],
) -> str:
    """The page. Every text from outside is escaped, and its policy forbids scripts and loads."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    modalities = [str(c) for c in summary.presence.columns]
    centers = patients_by_center(summary).merge(
        presence_by_center(summary).drop(columns="patients"), on="center"
    )
    return environment.get_template("report.html").render(
        summary=summary,
        metrics=metrics,
        headlines=[headline(metrics, task) for task in summary.tasks],
        parts=PART_TITLES,
        evaluated=set(PART_NAMES),
        modalities=modalities,
        centers=centers.to_dict("records"),
        labels=[
            (task, labels_by_part(predictions, task).to_dict("records")) for task in summary.tasks
        ],
        excluded=excluded_by_reason(summary.excluded),
        results=[results(metrics, task) for task in summary.tasks],
        by_center=[by_center(metrics, task) for task in summary.tasks],
        differences=differences(metrics, summary.tasks),
        drawings=[f for f in figures if isinstance(f, Drawing)],
        blanks=[f for f in figures if isinstance(f, Blank)],
        limits=limits(metrics, summary),
    )
