"""Is a modality missing more often in one centre than in another?"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from fusion.audit.check import Check, Finding
from fusion.audit.roster import Roster
from fusion.errors import UndefinedMetric
from fusion.statistics.independence import independence_p
from fusion.types import PatientId

COLUMNS = ["modality", "center", "n", "of", "share", "low", "high", "p"]

FEWEST = 5
"""Patients of a centre, from which having none is a finding."""


def missing_by_center(
    presence: Mapping[str, Sequence[PatientId]], roster: Roster, *, seed: int
) -> Check:
    """Share of each modality by centre, with a test over centres.

    Args:
        presence: modality -> the patients who have it.
        roster: who is from where.
        seed: of the tables that are drawn for the test.
    """
    center = pd.Series(dict(roster.centers), dtype=object)
    rows, findings = [], []
    for name, who in sorted(presence.items()):
        has = pd.Series(center.index.isin(list(who)), index=center.index)
        counts = pd.crosstab(center, has).reindex(columns=[False, True], fill_value=0)
        p = _p(counts.to_numpy(), seed)
        for place, (without, having) in zip(counts.index, counts.to_numpy(), strict=True):
            of = int(without + having)
            low, high = proportion_confint(int(having), of, method="beta")
            rows.append([name, place, int(having), of, having / of, low, high, p])
        none = counts[(counts[True] == 0) & (counts[False] >= FEWEST)]
        if len(none) and has.any():
            findings.append(_finding(name, list(none.index), len(counts)))
    return Check(
        name="missing modalities",
        question="Is a modality missing more often in some centres than in others?",
        findings=tuple(findings),
        table=pd.DataFrame(rows, columns=COLUMNS),
    )


def _p(counts: np.ndarray, seed: int) -> float:
    try:
        return independence_p(counts, seed=seed)
    except UndefinedMetric:  # one centre, or everybody has it
        return float("nan")


def _finding(modality: str, centers: list[str], of: int) -> Finding:
    shown = ", ".join(map(str, centers[:5])) + (" ..." if len(centers) > 5 else "")
    return Finding(
        severity="warning",
        message=(
            f"{modality}: nobody has it in {len(centers)} of {of} centres ({shown}); having it "
            "stands for the centre there. Judge the modality within the other centres only"
        ),
        subject=modality,
    )
