"""How far does each part, and each external centre, lie from the training patients?"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from jaxtyping import Float

from fusion.audit.check import Check
from fusion.audit.look import Look
from fusion.audit.roster import Roster
from fusion.errors import UndefinedMetric
from fusion.statistics.mmd import mmd
from fusion.statistics.multiplicity import adjusted

COLUMNS = ["modality", "place", "n", "mmd2", "p", "p_holm"]

MOST = 10.0
"""Standard deviations at which a column is cut, so that one outlier is not the whole distance."""

FEWEST = 5
"""Patients of a place."""


def distance(looks: Mapping[str, Look], roster: Roster, *, permutations: int, seed: int) -> Check:
    """MMD of the training patients and each other place, with permutation p; no findings.

    Args:
        looks: modality -> what was seen of it.
        roster: who is in which part, from where.
        permutations: of who belongs to which.
        seed: of these.
    """
    rows = []
    for name, seen in sorted(looks.items()):
        place = np.array([_place(roster.parts[p], roster.centers[p]) for p in seen.patients])
        training = place == "train"
        if training.sum() < FEWEST:
            continue
        x = standardised(seen.features, seen.features[training])
        for other in sorted(set(place) - {"train"}):
            here = place == other
            if here.sum() < FEWEST:
                continue
            try:
                found = mmd(x[training], x[here], permutations=permutations, seed=seed)
            except UndefinedMetric:  # everybody is alike
                continue
            rows.append([name, other, int(here.sum()), found.value, found.p])
    table = pd.DataFrame(rows, columns=COLUMNS[:-1])
    p = {str(row): value for row, value in table["p"].items()}
    table["p_holm"] = list(adjusted(p, method="holm").values()) if p else []
    return Check(
        name="distance from training",
        question="Do other places bring other inputs than the training patients (MMD)?",
        answer=f"{(table['p_holm'] < 0.05).sum()} of {len(table)} comparisons differ (p < 0.05 "
        "after Holm)",
        not_asked="" if rows else f"no place has {FEWEST} patients beside {FEWEST} in training",
        table=table,
    )


def standardised(
    x: Float[np.ndarray, "n d"], training: Float[np.ndarray, "t d"]
) -> Float[np.ndarray, "n kept"]:
    """In training standard deviations; columns that do not vary in training are left out."""
    mean, sd = training.mean(axis=0), training.std(axis=0)
    varies = sd > 1e-9 * np.maximum(1.0, np.abs(mean))
    return ((x[:, varies] - mean[varies]) / sd[varies]).clip(-MOST, MOST)


def _place(part: str, center: str) -> str:
    return f"external: {center}" if part == "external" else part
