"""The patients whom the model got most wrong, so that somebody can look at the case."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from fusion.report.scores import Scores
from fusion.report.task_scores import JUDGED, TaskScores

MOST = 10
"""Patients named per task."""


@dataclass(frozen=True)
class Wrong:
    """One patient."""

    patient_id: str
    cohort: str
    center: str
    part: str
    truth: str
    """The class, or how long and whether with the event."""
    said: str
    """What the main model held for likely, or its risk."""
    baseline: str
    """The same of the baseline; a dash where it said nothing."""
    measure: float
    """How wrong: -ln of the true class's probability, or the balance of wrongly ranked pairs."""
    shown: str
    """The same in words."""


def most_wrong(case: TaskScores) -> list[Wrong]:
    """At most ten test and external patients, the most wrong first.

    Of classes: those whose likeliest class is not the true one, by the loss -ln p of the true
    class. Of survival: by the share of the other patients of the part against whom the model ranked
    the patient the wrong way round (a higher risk than somebody who died earlier, or a lower one
    than somebody who outlived him), less the share that it ranked rightly. Whoever died early with
    a low risk stands on top, and whoever outlived others with a high one; a patient last seen early
    can be compared with few and is never on top.

    Source: Harrell et al. 1982 (comparable pairs).
    """
    found = [row for part in JUDGED for row in _of_part(case, part)]
    return sorted(found, key=lambda row: (-row.measure, row.patient_id))[:MOST]


def as_rows(found: list[Wrong]) -> pd.DataFrame:
    """For the CSV."""
    return pd.DataFrame([asdict(row) for row in found])


def ranked_wrongly(
    risk: Float[np.ndarray, " n"], time_days: Float[np.ndarray, " n"], event: Bool[np.ndarray, " n"]
) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]:
    """With how many others each patient can be compared, and against how many he is ranked wrongly.

    Pairs are those of the C-index; equal risks are neither right nor wrong.

    Example:
        >>> risk, days = np.array([0.0, 2.0, 1.0]), np.array([1.0, 2.0, 3.0])
        >>> comparable, wrong = ranked_wrongly(risk, days, np.array([True, True, True]))
        >>> comparable.tolist(), wrong.tolist()
        ([2, 2, 2], [2, 1, 1])
    """
    # row had the event while column was still followed up
    earlier = event[:, None] & (time_days[:, None] < time_days[None, :])
    earlier |= event[:, None] & ~event[None, :] & (time_days[:, None] == time_days[None, :])
    wrong = earlier & (risk[:, None] < risk[None, :])
    return earlier.sum(0) + earlier.sum(1), wrong.sum(0) + wrong.sum(1)


def _of_part(case: TaskScores, part: str) -> Iterator[Wrong]:
    found = case.of(case.main, part)
    if len(found) == 0:
        return
    other = None if case.baseline is None else case.of(case.baseline, part)
    wrong = _survival if case.task.kind == "survival" else _classes
    yield from wrong(case, found, other)


def _classes(case: TaskScores, found: Scores, other: Scores | None) -> Iterator[Wrong]:
    names = case.task.classes
    target = found.target.astype(np.int64)
    likeliest = found.values.argmax(axis=1)
    place = _places(other)
    for i in np.flatnonzero(likeliest != target):
        who = found.who.iloc[i]
        p = float(found.values[i, target[i]])
        theirs = place.get((who["cohort"], who["patient_id"]))
        yield Wrong(
            **_who(who),
            truth=names[target[i]],
            said=_likeliest(found.values[i], names),
            baseline="–"
            if other is None or theirs is None
            else _likeliest(other.values[theirs], names),
            measure=float(-np.log(max(p, 1e-12))),
            shown=f"{names[target[i]]}: {_share(p)}",
        )


def _survival(case: TaskScores, found: Scores, other: Scores | None) -> Iterator[Wrong]:
    event = found.event == 1
    risk = found.values[:, 0]
    comparable, wrong = ranked_wrongly(risk, found.target, event)
    place = _places(other)
    ranks = None if other is None else _percent(other.values[:, 0])
    own = _percent(risk)
    for i in np.flatnonzero(2 * wrong > comparable):
        who = found.who.iloc[i]
        theirs = place.get((who["cohort"], who["patient_id"]))
        state = "event at" if event[i] else "event-free, last seen at"
        yield Wrong(
            **_who(who),
            truth=f"{state} {found.target[i]:g} days",
            said=f"risk above {own[i]:.0f}\u00a0% of the others",
            baseline="–"
            if ranks is None or theirs is None
            else f"risk above {ranks[theirs]:.0f}\u00a0% of the others",
            measure=float((2 * wrong[i] - comparable[i]) / max(1, len(found) - 1)),
            shown=f"ranked wrongly against {wrong[i]} of {comparable[i]}",
        )


def _places(other: Scores | None) -> dict[tuple[str, str], int]:
    if other is None:
        return {}
    who = zip(other.who["cohort"], other.who["patient_id"], strict=True)
    return {(str(cohort), str(patient)): i for i, (cohort, patient) in enumerate(who)}


def _percent(risk: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Share of the other patients of the part with a lower risk."""
    below = np.searchsorted(np.sort(risk), risk, side="left")
    return 100 * below / max(1, len(risk) - 1)


def _who(who: pd.Series) -> dict[str, str]:
    return {name: str(who[name]) for name in ("patient_id", "cohort", "center", "part")}


def _likeliest(values: Float[np.ndarray, " k"], names: tuple[str, ...]) -> str:
    best = int(values.argmax())
    return f"{names[best]} {_share(float(values[best]))}"


def _share(p: float) -> str:
    return f"{100 * p:.{1 if p < 0.1 else 0}f}\u00a0%"
