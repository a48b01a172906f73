"""Two entrants on the same patients, fold by fold."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from jaxtyping import Int

from fusion.compare.entrants import Entrant
from fusion.errors import UndefinedMetric
from fusion.report.measure import Measure
from fusion.report.outcome import is_binary
from fusion.report.scores import Scores
from fusion.report.tasks import TaskInfo

_WHO = ["cohort", "patient_id"]


@dataclass(frozen=True)
class FoldPair:
    """One fold's predictions of both, a row for each patient whom both predicted."""

    fold: str
    ours: tuple[Scores, ...]
    """One for each seed."""
    theirs: tuple[Scores, ...]
    """Empty where a number is wanted and no difference."""

    @cached_property
    def who(self) -> pd.MultiIndex:
        """The patients."""
        return pd.MultiIndex.from_frame(self.ours[0].who[_WHO])

    def difference(self, measure: Measure) -> float:
        """Mean over seeds of ours, minus that of theirs.

        Raises:
            UndefinedMetric: where it has no value in this fold.
        """
        if not len(self.ours[0]):
            raise UndefinedMetric("no patient with a label and both predictions")
        ours = _mean(measure, self.ours)
        return ours - _mean(measure, self.theirs) if self.theirs else ours


@dataclass(frozen=True)
class Pairs:
    """All folds of two entrants."""

    task: TaskInfo
    folds: tuple[FoldPair, ...]

    @cached_property
    def patients(self) -> pd.MultiIndex:
        """Of all folds, each once, sorted."""
        return pd.MultiIndex.from_tuples(
            sorted({p for pair in self.folds for p in pair.who}), names=_WHO
        )

    def rows(self, pair: FoldPair) -> Int[np.ndarray, " n"]:
        """Where a fold's patients stand among all."""
        return self.patients.get_indexer(pair.who).astype(np.int64)

    @property
    def shared(self) -> bool:
        """Whether several folds were tested on the same patients, as external ones are."""
        return len(self.folds) > 1 and all(len(p.who) == len(self.patients) for p in self.folds)

    @property
    def events(self) -> int | None:
        """Patients who had the event, or are of the positive class."""
        happened = set()
        for pair in self.folds:
            one = pair.ours[0]
            if self.task.kind == "survival":
                mine = one.event == 1
            elif is_binary(self.task):
                mine = one.target == 1
            else:
                return None
            happened |= set(pair.who[mine])
        return len(happened)


def pair_up(task: TaskInfo, ours: Entrant, theirs: Entrant | None) -> Pairs:
    """The folds that both have, and in each the patients whom all trainings of both predicted."""
    pairs = []
    for fold, mine in ours.cells.items():
        other = () if theirs is None else theirs.cells.get(fold, ())
        if theirs is not None and not other:
            continue
        a, b = _common(mine, other)
        if len(a[0]):
            pairs.append(FoldPair(fold, a, b))
    return Pairs(task, tuple(pairs))


def _common(
    ours: Sequence[Scores], theirs: Sequence[Scores]
) -> tuple[tuple[Scores, ...], tuple[Scores, ...]]:
    indices = [pd.MultiIndex.from_frame(s.who[_WHO]) for s in (*ours, *theirs)]
    if all(index.equals(indices[0]) for index in indices[1:]):
        return tuple(ours), tuple(theirs)
    both = indices[0]
    for index in indices[1:]:
        both = both[both.isin(index)]
    taken = [s.take(index.isin(both)) for s, index in zip((*ours, *theirs), indices, strict=True)]
    return tuple(taken[: len(ours)]), tuple(taken[len(ours) :])


def _mean(measure: Measure, found: Sequence[Scores]) -> float:
    return float(np.mean([measure.statistic(*measure.arrays(s)) for s in found]))
