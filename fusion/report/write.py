"""Predictions and the facts of a run -> a folder with metrics, figures and a page."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from fusion.report.added_row import added_rows
from fusion.report.audit_section import save_audit
from fusion.report.checklists.facts import Facts, shown
from fusion.report.checklists.fill import fill
from fusion.report.checklists.load import load_checklists
from fusion.report.checklists.write import save_checklists
from fusion.report.drawing import Blank, Drawing
from fusion.report.evaluate import evaluate, models
from fusion.report.figure_centers import centers
from fusion.report.figure_flow import flow_diagram
from fusion.report.figure_harmonisation import harmonisation
from fusion.report.figure_presence import presence_map
from fusion.report.figure_roc import roc
from fusion.report.figure_survival import kaplan_meier
from fusion.report.figure_training import training_curves
from fusion.report.headline_table import headline_table
from fusion.report.html import render
from fusion.report.metrics_file import Metrics, save_metrics
from fusion.report.performance import performance
from fusion.report.pooled import pooled_rows
from fusion.report.population import Population, population
from fusion.report.publish import publish, to_csv
from fusion.report.summary import RunSummary
from fusion.report.task_scores import TaskScores
from fusion.report.who import presence_by_center
from fusion.report.wishes import Wishes

_WISHES = Wishes()


def write_report(
    folder: Path,
    predictions: pd.DataFrame,
    summary: RunSummary,
    *,
    draws: int = 1000,
    seed: int,
    model: str = "fusion",
    baseline: str | None = "clinical",
    wishes: Wishes = _WISHES,
) -> Path:
    """Write metrics (JSON, CSV), `headline.md`, `figures/`, `tables/`, `report.html`; return that.

    The same predictions, facts and seed give the same bytes.

    Args:
        folder: of the run; made if need be.
        predictions: as `fusion.report.predictions.SCHEMA` says.
        summary: the facts of the run.
        draws: resamples for every interval.
        seed: of the resamples.
        model: the one that the report is about.
        baseline: the one that it is compared with; None where there is none.
        wishes: thresholds and sensitivities that a clinician asks for.

    Raises:
        PredictionsError: where predictions contradict themselves or the tasks.
        ReadError: where the training curves cannot be read.
        ReportError: where a file cannot be written.
    """
    rows = evaluate(
        predictions,
        summary.tasks,
        draws=draws,
        seed=seed,
        model=model,
        brought=wishes.censoring,
    )
    cases = [
        TaskScores.read(
            predictions, t, model=model, baseline=baseline, brought=wishes.brought.get(t.name)
        )
        for t in summary.tasks
    ]
    pooled = tuple(row for case in cases for row in pooled_rows(case))
    added = () if summary.added is None else tuple(added_rows(summary.added))
    metrics = Metrics(tuple(rows), draws, seed, model, baseline, pooled, added)
    save_metrics(metrics, folder)
    publish(folder / "headline.md", headline_table(metrics, summary.tasks).encode())
    who = population(predictions, summary)
    who.save(folder / "tables")
    if summary.audit is not None:
        save_audit(folder, summary.audit)
    if summary.harmonisation is not None:
        publish(folder / "harmonisation.csv", to_csv(summary.harmonisation))
    figures = list(_figures(predictions, summary, metrics, who))
    for figure in figures:
        if isinstance(figure, Drawing):
            figure.save(folder / "figures")
    sections = performance(cases, summary, metrics, wishes)
    for section in sections.values():
        section.save(folder)
    facts = Facts(summary, metrics, who, shown(sections))
    checklists = [fill(checklist, facts) for checklist in load_checklists()]
    save_checklists(folder, checklists)
    page = render(predictions, summary, metrics, figures, who, checklists, sections)
    return publish(folder / "report.html", page.encode())


def _figures(
    predictions: pd.DataFrame, summary: RunSummary, metrics: Metrics, who: Population
) -> Iterator[Drawing | Blank]:
    yield flow_diagram(who.flow)
    if len(summary.presence.columns):
        yield presence_map(presence_by_center(summary))
    else:
        yield Blank("Modalities by centre", "predictions do not say who had which modality")
    for task in summary.tasks:
        names = models(predictions, task, metrics.model, metrics.baseline)
        yield centers(metrics.rows, task, names)
        if task.kind == "survival":
            yield kaplan_meier(predictions, task, names[0])
        else:
            yield roc(predictions, task, names)
    if summary.harmonisation is not None:
        yield harmonisation(summary.harmonisation)
    if summary.curves is not None:
        yield training_curves(summary.curves)
