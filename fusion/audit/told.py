"""Can a plain classifier tell the centre from the inputs? Numbers, no findings."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from fusion.audit.check import Check
from fusion.audit.look import Look
from fusion.audit.roster import Roster
from fusion.errors import UndefinedMetric
from fusion.statistics.c2st import c2st

COLUMNS = ["modality", "auc", "low", "high", "n", "centers", "too_small", "why_not"]


def center_told(looks: Mapping[str, Look], roster: Roster, *, seed: int) -> Check:
    """C2ST of each modality, over all patients who have it.

    That centres differ is no leak, and harms only where the label goes with the centre; so nothing
    is a finding here.

    Args:
        looks: modality -> what was seen of it.
        roster: who is from where.
        seed: of the folds.
    """
    rows = []
    for name, seen in sorted(looks.items()):
        center = np.array([roster.centers[p] for p in seen.patients])
        try:
            found = c2st(seen.features, center, seed=seed)
        except UndefinedMetric as error:
            rows.append([name, np.nan, np.nan, np.nan, len(center), 0, "", str(error)])
            continue
        few = ", ".join(found.left_out)
        told = [found.auc, found.low, found.high]
        rows.append([name, *told, found.n, len(found.groups), few, ""])
    table = pd.DataFrame(rows, columns=COLUMNS)
    known = table[table["auc"].notna()]
    numbers = known[["modality", "auc", "low", "high"]].itertuples(index=False)
    return Check(
        name="centre told from inputs",
        question="How well does a logistic regression tell the centre from each modality (AUC)?",
        answer=", ".join(f"{m} {v:.2f} ({low:.2f} to {high:.2f})" for m, v, low, high in numbers),
        not_asked="" if len(known) else "no modality has two centres large enough",
        table=table,
    )
