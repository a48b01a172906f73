"""Do the labels of other places occur as often as in training?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from fusion.audit.association import Labelled
from fusion.audit.check import Check, Finding
from fusion.audit.roster import Roster
from fusion.errors import UndefinedMetric
from fusion.statistics.independence import independence_p
from fusion.statistics.log_rank import log_rank_p
from fusion.statistics.multiplicity import adjusted
from fusion.types import PatientId

COLUMNS = ["task", "place", "label", "n", "of", "share", "low", "high", "training", "p", "p_holm"]

FEWEST = 5
"""Labelled patients of an external centre, from which one class only is a finding."""


def label_shift(tasks: Sequence[Labelled], roster: Roster, *, seed: int) -> Check:
    """Shares of each class in each place, against training; for survival, of the events.

    The test is of all classes together (chi-squared over tables with these margins), or the
    log-rank test; Holm's correction is over places and tasks.

    Args:
        tasks: what is known.
        roster: who is in which part, from where.
        seed: of the tables that are drawn.
    """
    rows: list[list[object]] = []
    p: dict[str, float] = {}
    findings = []
    for task in tasks:
        training = [patient for patient in roster.of("train") if patient in task.values]
        for name, who in _places(roster).items():
            here = [patient for patient in who if patient in task.values]
            if not training or not here:
                continue
            p[f"{task.name}, {name}"] = _p(task, training, here, seed)
            rows += [[task.name, name, *row] for row in _shares(task, training, here)]
            if name.startswith("external") and (one := _one_only(task, here)):
                findings.append(_finding(task, name.removeprefix("external: "), one, here))
    table = pd.DataFrame(rows, columns=COLUMNS[:-2])
    comparison = table["task"] + ", " + table["place"]
    known = {name: value for name, value in p.items() if np.isfinite(value)}
    table["p"] = comparison.map(p)
    holm = adjusted(known, method="holm") if known else {}
    table["p_holm"] = comparison.map(holm)
    differ = sum(value < 0.05 for value in holm.values())
    return Check(
        name="labels by centre",
        question="Do the labels of other places occur as often as in training?",
        findings=tuple(findings),
        answer=f"{differ} of {len(p)} comparisons differ (p < 0.05 after Holm)",
        not_asked="" if rows else "no patient outside training has a label",
        table=table,
    )


def _places(roster: Roster) -> dict[str, tuple[PatientId, ...]]:
    """val, test, and each external centre."""
    places = {part: roster.of(part) for part in ("val", "test")}
    outside = roster.of("external")
    for center in roster.centers_of("external"):
        places[f"external: {center}"] = tuple(p for p in outside if roster.centers[p] == center)
    return places


def _counts(task: Labelled, who: Sequence[PatientId]) -> list[int]:
    """Of each class; for survival, of those with the event."""
    if not task.classes:
        return [sum(task.values[p][1] > 0 for p in who)]
    return [sum(task.values[p][0] == code for p in who) for code in range(len(task.classes))]


def _shares(
    task: Labelled, training: Sequence[PatientId], here: Sequence[PatientId]
) -> list[list[object]]:
    rows = []
    names = task.classes or ("event",)
    both = zip(names, _counts(task, here), _counts(task, training), strict=True)
    for name, count, there in both:
        low, high = proportion_confint(count, len(here), method="beta")  # Clopper and Pearson
        share = count / len(here)
        rows.append([name, count, len(here), share, low, high, there / len(training)])
    return rows


def _p(
    task: Labelled, training: Sequence[PatientId], here: Sequence[PatientId], seed: int
) -> float:
    """NaN where there is nothing to test."""
    try:
        if task.classes:
            return independence_p(
                np.array([_counts(task, training), _counts(task, here)]), seed=seed
            )
        one, other = (np.array([task.values[p] for p in who]) for who in (training, here))
        return log_rank_p(one[:, 0], one[:, 1] > 0, other[:, 0], other[:, 1] > 0)
    except UndefinedMetric:
        return float("nan")


def _one_only(task: Labelled, here: Sequence[PatientId]) -> str:
    """The only class that occurs, if one centre has a single one; empty otherwise."""
    counts = _counts(task, here)
    if len(here) < FEWEST:
        return ""
    if not task.classes:
        return "without the event" if counts[0] == 0 else ""
    return task.classes[int(np.argmax(counts))] if max(counts) == len(here) else ""


def _finding(task: Labelled, center: str, one: str, here: Sequence[PatientId]) -> Finding:
    return Finding(
        severity="warning",
        message=(
            f"{task.name}: all {len(here)} labelled patients of {center} are {one}; no ranking can "
            "be measured there. Pool this centre with others, or say so beside the results"
        ),
        subject=f"{task.name} in {center}",
    )
