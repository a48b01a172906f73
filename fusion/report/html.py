"""One HTML file that needs nothing else: no script, no network."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from fusion.report.audit_section import audit_view
from fusion.report.checklists.item import PLACES, Filled
from fusion.report.checklists.view import view
from fusion.report.checklists.write import STATEMENT
from fusion.report.drawing import Blank, Drawing
from fusion.report.groups import PART_NAMES
from fusion.report.headline import headline
from fusion.report.limits import limits
from fusion.report.metrics_file import Metrics
from fusion.report.missingness import alike, complete, missingness_tables
from fusion.report.page import page
from fusion.report.population import Population
from fusion.report.results_tables import at_horizons, by_center, differences, results
from fusion.report.robustness_table import set_aside
from fusion.report.sheet import Section
from fusion.report.summary import RunSummary
from fusion.report.table_one_layout import table_one_layout
from fusion.report.who import (
    PART_TITLES,
    excluded_by_reason,
    patients_by_center,
)

_CENTERS = 7
"""Columns of a table one by centre that a page holds."""


def render(
    predictions: pd.DataFrame,
    summary: RunSummary,
    metrics: Metrics,
    figures: Sequence[Drawing | Blank],
    who: Population,
    checklists: Sequence[Filled],
    sections: Mapping[str, Section],
) -> str:
    """The page. Every text from outside is escaped, and its policy forbids scripts and loads."""
    drawings = {f.name: f for f in figures if isinstance(f, Drawing)}
    return page(
        "report.html",
        summary=summary,
        metrics=metrics,
        headlines=[headline(metrics, task) for task in summary.tasks],
        evaluated=set(PART_NAMES),
        modalities=[str(c) for c in summary.presence.columns],
        audit=audit_view(summary.audit),
        results=[
            table
            for task in summary.tasks
            for table in (results(metrics, task), at_horizons(metrics, task))
            if table is not None
        ],
        by_center=[by_center(metrics, task) for task in summary.tasks],
        differences=differences(metrics, summary.tasks),
        performance=sections,
        set_aside=set_aside(summary),
        flow=drawings["flow"],
        presence=drawings.get("presence"),
        drawings=[d for name, d in drawings.items() if name not in ("flow", "presence")],
        blanks=[f for f in figures if isinstance(f, Blank)],
        limits=limits(metrics, summary),
        checklists=[view(filled) for filled in checklists],
        statement=STATEMENT,
        titles=PLACES,
        **_who(summary, who),
    )


def _who(summary: RunSummary, who: Population) -> dict[str, Any]:
    """Names of the section about patients."""
    centers = patients_by_center(summary)
    few = len(centers) <= _CENTERS
    by_part = "Characteristics and labels by part"
    by_center = "Characteristics and labels by centre"
    return {
        "parts": {p: t for p, t in PART_TITLES.items() if p in set(summary.parts.values())},
        "centers": centers.to_dict("records"),
        "excluded": excluded_by_reason(summary.excluded),
        "table_one": table_one_layout(who.table_one, by_part),
        "table_one_by_center": table_one_layout(who.table_one_by_center, by_center)
        if few
        else None,
        "compared": bool(who.table_one["smd"].notna().any()),
        "followed": any(task.kind == "survival" for task in summary.tasks),
        "missingness": missingness_tables(who.missing),
        "alike": alike(who.missing),
        "complete": complete(who.missing),
    }
