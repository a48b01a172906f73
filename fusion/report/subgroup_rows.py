"""The primary metric in each subgroup."""

from collections.abc import Iterator, Mapping
from functools import partial

import pandas as pd

from fusion.report.measure import Measure
from fusion.report.measured import Measured, measure
from fusion.report.measures import measures
from fusion.report.outcome import is_binary
from fusion.report.scores import Scores
from fusion.report.subgroups import CENTER
from fusion.report.task_scores import JUDGED, MINIMUM, TaskScores
from fusion.statistics.bootstrap import Interval, bootstrap

FEW = f"fewer than {MINIMUM} patients"
"""Why a group has no number."""


def subgroup_rows(
    case: TaskScores, groups: Mapping[str, pd.Series], *, draws: int, seed: int
) -> Iterator[Measured]:
    """Of the main model, on each part; `outcome` is the characteristic, `all` for everybody.

    Centres are compared on the external part alone: the internal ones were trained on, and what is
    left of them for a test is small.

    Args:
        case: any task.
        groups: from `subgroups`.
        draws: resamples, within the group.
        seed: of them.
    """
    first = measures(case.task, None)[0]
    for part in JUDGED:
        found = case.of(case.main, part)
        if len(found) == 0:
            continue
        yield _measured(case, first, found, part, "all", "all", draws, seed)
        for name, whose in groups.items():
            if name == CENTER and part != "external":
                continue
            mine = whose.reindex(found.who["patient_id"])
            for group in whose.cat.categories:
                inside = found.take((mine == group).to_numpy(bool))
                if len(inside):
                    yield _measured(case, first, inside, part, name, str(group), draws, seed)


def _measured(
    case: TaskScores,
    first: Measure,
    found: Scores,
    part: str,
    name: str,
    group: str,
    draws: int,
    seed: int,
) -> Measured:
    events = None
    if case.task.kind == "survival":
        events = int((found.event == 1).sum())
    elif is_binary(case.task):
        events = int((found.target == 1).sum())
    few = FEW if len(found) < MINIMUM else ""
    blank = Measured(case.task.name, name, case.main, part, group, len(found), events, reason=few)
    return measure(blank, first.name, partial(_interval, first, found, draws, seed))


def _interval(first: Measure, found: Scores, draws: int, seed: int) -> Interval:
    return bootstrap(first.statistic, first.arrays(found), draws=draws, seed=seed)
