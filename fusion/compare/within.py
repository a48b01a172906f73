"""Within a centre, a grade, a subtype: does a model tell patients apart who are alike?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from fusion.compare.entrants import Entrant, Field
from fusion.compare.pairs import FoldPair, Pairs, pair_up
from fusion.compare.rule import Settings, resampled
from fusion.compare.strata import LABEL, Strata
from fusion.errors import UndefinedMetric
from fusion.report.measures import measures
from fusion.report.outcome import is_binary
from fusion.report.task_scores import MINIMUM
from fusion.statistics.bootstrap import percentiles
from fusion.statistics.fold_bootstrap import drawn_folds

_DRAWS = 1000
_CLASS = f"fewer than {MINIMUM} patients of a class"


@dataclass(frozen=True)
class Within:
    """One model in one stratum."""

    task: str
    part: str
    characteristic: str
    group: str
    model: str
    n: int
    events: int | None
    value: float | None = None
    """Mean over folds, weighted by patients."""
    gap: float | None = None
    """Minus the clinical model, on the patients of both."""
    low: float | None = None
    """95 % of the gap over patients; not corrected: nothing is claimed of strata."""
    high: float | None = None
    reason: str = ""


def within(
    field: Field, groups: Strata, settings: Settings, done: Callable[[], None] = lambda: None
) -> Iterator[Within]:
    """Every head, modality alone and the clinical model in every group.

    `done` is called after each model in each part.

    A group needs ten patients, and of two classes or events ten of each kind; others are rows
    with a reason.
    """
    for part in ("test", "external"):
        here = field.of(part)
        for entrant in here.everybody:
            plain = pair_up(field.task, entrant, None)
            gaps = pair_up(field.task, entrant, here.clinical) if here.clinical.cells else None
            for characteristic, whose in groups.items():
                if characteristic == f"{field.task.name}{LABEL}":
                    continue
                for group in whose.cat.categories:
                    mine = frozenset(whose.index[whose == group])
                    inside = _inside(plain, mine)
                    if inside.folds:
                        both = None if gaps is None else _inside(gaps, mine)
                        about = (part, characteristic, str(group))
                        yield _within(entrant, about, inside, both, settings)
            done()


def _within(
    entrant: Entrant,
    about: tuple[str, str, str],
    inside: Pairs,
    both: Pairs | None,
    settings: Settings,
) -> Within:
    part, characteristic, group = about
    blank = Within(
        inside.task.name,
        part,
        characteristic,
        group,
        entrant.name,
        len(inside.patients),
        inside.events,
    )
    few = _few(inside)
    if few:
        return replace(blank, reason=few)
    try:
        value = _mean(inside)
    except UndefinedMetric as error:
        return replace(blank, reason=str(error))
    if both is None or not both.folds or entrant.kind == "clinical" or _few(both):
        return replace(blank, value=value)
    try:
        gap = _mean(both)
        draws = Settings(draws=_DRAWS, seed=settings.seed, share=settings.share)
        first = measures(both.task, None)[0]
        weights = np.array([float(len(pair.who)) for pair in both.folds])
        if both.shared:
            weights = weights * drawn_folds(len(weights), _DRAWS, settings.seed)
        values = resampled(first, both, draws, weights)
        low, high = percentiles(values, 0.95)
    except UndefinedMetric as error:
        return replace(blank, value=value, reason=str(error))
    return replace(blank, value=value, gap=gap, low=low, high=high)


def _few(pairs: Pairs) -> str:
    """Why there is no number."""
    n, events = len(pairs.patients), pairs.events
    if n < MINIMUM:
        return f"fewer than {MINIMUM} patients"
    if events is not None and events < MINIMUM:
        return f"fewer than {MINIMUM} events" if not is_binary(pairs.task) else _CLASS
    if events is not None and is_binary(pairs.task) and n - events < MINIMUM:
        return _CLASS
    return ""


def _inside(pairs: Pairs, patients: frozenset[str]) -> Pairs:
    kept = []
    for pair in pairs.folds:
        rows = pair.ours[0].who["patient_id"].isin(patients).to_numpy(bool)
        if rows.any():
            ours, theirs = (tuple(s.take(rows) for s in x) for x in (pair.ours, pair.theirs))
            kept.append(FoldPair(pair.fold, ours, theirs))
    return Pairs(pairs.task, tuple(kept))


def _mean(pairs: Pairs) -> float:
    first = measures(pairs.task, None)[0]
    values, weights, why = [], [], ""
    for pair in pairs.folds:
        try:
            values.append(pair.difference(first))
            weights.append(len(pair.who))
        except UndefinedMetric as error:
            why = str(error)
    if not values:
        raise UndefinedMetric(why)
    return float(np.average(values, weights=weights))
