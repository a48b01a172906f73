"""Fill in rows: a metric, a difference, and the claim over all modalities alone at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fusion.compare.entrants import Entrant
from fusion.compare.pairs import Pairs, pair_up
from fusion.compare.row import STRONGEST, Row
from fusion.compare.rule import CORRECTED_T, Ends, Settings, Tested, judge, resampled
from fusion.errors import UndefinedMetric
from fusion.report.measure import Measure
from fusion.report.measures import measures
from fusion.report.tasks import TaskInfo
from fusion.statistics.bootstrap import percentiles

_LEVEL = 0.95
_BESIDE_DRAWS = 1000
"""Of the interval that decides nothing."""


@dataclass(frozen=True)
class Found:
    """A row, and its interval at any level."""

    row: Row
    interval: Callable[[float], Ends | None]

    def at(self, level: float) -> Row:
        """With the interval that the family asks for."""
        ends = self.interval(level)
        return replace(self.row, low_family=ends[0], high_family=ends[1]) if ends else self.row


def measured(
    task: TaskInfo, part: str, ours: Entrant, theirs: Entrant | None, settings: Settings
) -> Found:
    """The primary metric of one, or its difference from the other's."""
    first = measures(task, None)[0]
    pairs = pair_up(task, ours, theirs)
    row = Row(
        task=task.name,
        part=part,
        metric=task.primary,
        model=ours.name,
        kind=ours.kind,
        versus="" if theirs is None else theirs.name,
        n=len(pairs.patients) if pairs.folds else 0,
        events=pairs.events if pairs.folds else None,
    )
    try:
        tested = judge(first, pairs, settings)
    except UndefinedMetric as error:
        return Found(replace(row, reason=str(error)), _no_interval)
    row = _filled(row, tested, theirs is None)
    if tested.rule == CORRECTED_T:
        row = _beside(row, first, pairs, settings)
    return Found(replace(row, noise=_noise(first, pairs)), tested.interval)


def strongest(found: Sequence[Found]) -> Found | None:
    """Is a head better than every modality alone?

    That it is better is claimed only where it is better than each one: the largest p counts, and
    the number is the smallest difference, from the strongest modality. That it is worse is claimed
    where it is worse than any one: the smallest p counts, times as many as there are.

    Args:
        found: the head minus each modality alone.

    Returns:
        None without any modality alone; without p where one of them could not be tested.

    Source: Berger 1982 (the largest p needs no correction); Bonferroni for the other side.
    """
    if not found:
        return None
    untested = [f for f in found if f.row.p is None or f.row.value is None]
    if untested:
        row = untested[0].row
        why = f"{row.versus}: {row.reason or 'no test'}"
        return Found(replace(row, versus=STRONGEST, against=row.versus, reason=why), _no_interval)
    below = [f for f in found if _number(f.row.value) < 0]
    if below:
        shown = min(below, key=lambda f: _number(f.row.p))
        p = min(1.0, len(found) * _number(shown.row.p))
    else:
        shown = min(found, key=lambda f: _number(f.row.value))
        p = max(_number(f.row.p) for f in found)
    return Found(
        replace(shown.row, versus=STRONGEST, against=shown.row.versus, p=p), shown.interval
    )


def _filled(row: Row, tested: Tested, alone: bool) -> Row:
    ends = tested.interval(_LEVEL)
    if ends and alone:
        ends = max(0.0, ends[0]), min(1.0, ends[1])
    return replace(
        row,
        folds=len(tested.per_fold),
        value=tested.value,
        low=ends[0] if ends else None,
        high=ends[1] if ends else None,
        test=tested.rule,
        p=tested.p,
        reason=tested.why,
        per_fold=tested.per_fold,
        left_out=tested.left_out,
    )


def _beside(row: Row, first: Measure, pairs: Pairs, settings: Settings) -> Row:
    """What drawing patients says of these trained models, where the test is over folds."""
    few = replace(settings, draws=min(settings.draws, _BESIDE_DRAWS))
    try:
        low, high = percentiles(resampled(first, pairs, few, np.ones(len(pairs.folds))), _LEVEL)
    except UndefinedMetric:
        return row
    return replace(row, patients_low=low, patients_high=high)


def _noise(first: Measure, pairs: Pairs) -> float | None:
    """What another seed changes, of a metric alone."""
    spreads = []
    for pair in pairs.folds:
        if pair.theirs or len(pair.ours) < 2:
            continue
        try:
            values = [float(first.statistic(*first.arrays(s))) for s in pair.ours]
        except UndefinedMetric:
            continue
        spreads.append(float(np.var(values, ddof=1)))
    return float(np.sqrt(np.mean(spreads))) if spreads else None


def _number(value: float | None) -> float:
    assert value is not None
    return value


def _no_interval(level: float) -> Ends | None:
    return None
