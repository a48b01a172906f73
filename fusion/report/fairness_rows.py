"""Whether one threshold serves the subgroups alike."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from fusion.errors import UndefinedMetric
from fusion.report.drawing import Blank
from fusion.report.operating_points import thresholds
from fusion.report.task_scores import JUDGED, MINIMUM, TaskScores
from fusion.statistics.fairness import Fairness, fairness


@dataclass(frozen=True)
class GroupsAtThreshold:
    """One task's groups on one part."""

    threshold: float
    part: str
    found: Mapping[str, Fairness]
    """Characteristic -> its groups and gaps."""


def fairness_rows(
    case: TaskScores,
    groups: Mapping[str, pd.Series],
    *,
    sensitivity: float,
    draws: int,
    seed: int,
) -> GroupsAtThreshold | Blank:
    """On external patients, or on the test part without any, at the threshold of validation.

    Args:
        case: a task with two classes.
        groups: from `subgroups`.
        sensitivity: as in `thresholds`, of which Youden's is taken.
        draws: resamples and regroupings.
        seed: of both.
    """
    title = f"Subgroups at a threshold: {case.task.name}"
    chosen = thresholds(case, case.main, sensitivity=sensitivity)[0]
    if chosen.value is None:
        return Blank(title, chosen.reason)
    if not 0 < chosen.value < 1:
        return Blank(title, f"the threshold is {chosen.value:g}, at which net benefit has no value")
    part = next((p for p in reversed(JUDGED) if len(case.of(case.main, p))), None)
    if part is None:
        return Blank(title, "no test or external patients")
    scores = case.of(case.main, part)
    found = {}
    for name, whose in groups.items():
        mine = whose.reindex(scores.who["patient_id"]).astype(str).to_numpy(str)
        try:
            one = fairness(
                scores.values[:, 1],
                scores.target == 1,
                mine,
                threshold=chosen.value,
                minimum=MINIMUM,
                draws=draws,
                seed=seed,
            )
        except UndefinedMetric as error:
            return Blank(title, str(error))
        order = [str(c) for c in whose.cat.categories]
        ranked = sorted(one.groups, key=lambda group: order.index(group.name))
        found[name] = replace(one, groups=tuple(ranked))
    return GroupsAtThreshold(chosen.value, part, found)
