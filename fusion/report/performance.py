"""The sections of a report that say how good the predictions are, and for whom."""

from collections.abc import Iterator, Mapping, Sequence

from fusion.report.added_table import added_sheets
from fusion.report.calibration_table import calibration_sheets
from fusion.report.decision import decision_table
from fusion.report.decision_sheet import decision_sheet
from fusion.report.discrimination import forests, pooled_sheet
from fusion.report.drawing import Blank, Drawing
from fusion.report.figure_calibration import calibration
from fusion.report.figure_decision import decision
from fusion.report.metrics_file import Metrics
from fusion.report.most_wrong_table import most_wrong_sheet
from fusion.report.operating_table import operating_sheets
from fusion.report.outline_section import outline_items
from fusion.report.region_section import region_items
from fusion.report.robustness_table import robustness_items
from fusion.report.sheet import Section, Sheet
from fusion.report.subgroup_table import subgroup_items
from fusion.report.subgroups import subgroups
from fusion.report.summary import RunSummary
from fusion.report.task_scores import TaskScores
from fusion.report.wishes import Wishes

Found = Iterator[Sheet | Drawing | Blank]


def performance(
    cases: Sequence[TaskScores], summary: RunSummary, metrics: Metrics, wishes: Wishes
) -> Mapping[str, Section]:
    """Name of the template -> what it shows, in the order of the page."""
    draws, seed = metrics.draws, metrics.seed
    return {
        "discrimination": Section.of([*_discrimination(cases, metrics)]),
        "outline": Section.of([*outline_items(summary, draws=draws, seed=seed)]),
        "regions": Section.of([*region_items(summary, draws=draws, seed=seed)]),
        "operating": Section.of(
            [x for c in cases for x in operating_sheets(c, sensitivity=wishes.sensitivity)]
        ),
        "calibration": Section.of([x for c in cases for x in _calibration(c, draws, seed)]),
        "net_benefit": Section.of([x for c in cases for x in _benefit(c, wishes, draws, seed)]),
        "subgroups": Section.of([*_subgroups(cases, summary, wishes, draws, seed)]),
        "robustness": Section.of([*robustness_items(summary, draws=draws, seed=seed)]),
        "added": Section.of([*added_sheets(summary, metrics)]),
        "most_wrong": Section.of([most_wrong_sheet(case, summary) for case in cases]),
    }


def _discrimination(cases: Sequence[TaskScores], metrics: Metrics) -> Found:
    for case in cases:
        yield from forests(case)
    sheet = pooled_sheet(metrics.pooled, metrics.model)
    if sheet is not None:
        yield sheet


def _calibration(case: TaskScores, draws: int, seed: int) -> Found:
    yield calibration(case, draws=draws, seed=seed)
    yield from calibration_sheets(case, draws=draws, seed=seed)


def _subgroups(
    cases: Sequence[TaskScores], summary: RunSummary, wishes: Wishes, draws: int, seed: int
) -> Found:
    groups = subgroups(summary)
    for case in cases:
        yield from subgroup_items(
            case, groups, sensitivity=wishes.sensitivity, draws=draws, seed=seed
        )


def _benefit(case: TaskScores, wishes: Wishes, draws: int, seed: int) -> Found:
    data = decision_table(case, wishes.thresholds, draws=draws, seed=seed)
    yield decision(case, data)
    sheet = decision_sheet(case, data)
    if sheet is not None:
        yield sheet
