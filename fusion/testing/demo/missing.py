"""Who lacks what: differently in each centre, and never because of what the patient has."""

from collections.abc import Sequence

import pandas as pd

from fusion.testing.demo.centers import lab
from fusion.testing.demo.seeds import stream

MODALITIES = ("mri", "wsi", "rna", "mutations", "clinical")
"""Modalities of the cohort."""

SEQUENCES = ("T1", "T1c", "T2", "FLAIR", "mask")
"""Rows of one patient's MRI."""

LABELS = {"subtype": 0.07, "grade": 0.10, "os": 0.05, "diagnosis": 0.04, "response": 0.05}
"""Probability that a label is not known."""


def presence(centers: Sequence[str], *, scale: float, seed: int) -> pd.DataFrame:
    """Which patient (row) has which modality and sequence (column).

    `scale` multiplies every probability of a gap; at 0 everybody has everything. A gap at one
    scale is a gap at every larger one. Above 0, two patients have nothing at all.

    Example:
        >>> bool(presence(["Elm"] * 9, scale=0.0, seed=0).all(axis=None))
        True
    """
    names = (*MODALITIES, *SEQUENCES)
    gaps = []
    for i, center in enumerate(centers):
        draws = stream(seed, "missing", i).random(len(names))
        chance = [scale * lab(center).missing.get(name, 0.0) for name in names]
        gaps.append([bool(d < c) for d, c in zip(draws, chance, strict=True)])
    table = ~pd.DataFrame(gaps, columns=list(names))
    if scale > 0:
        nobody = stream(seed, "nothing at all").choice(len(centers), 2, replace=False)
        table.loc[nobody, list(MODALITIES)] = False
    return table


def with_gaps(targets: pd.DataFrame, *, scale: float, seed: int) -> pd.DataFrame:
    """The targets with some labels forgotten."""
    found = targets.copy()
    for name, chance in LABELS.items():
        columns = [c for c in map(str, found.columns) if c == name or c.startswith(name + "_")]
        lost = stream(seed, "missing label " + name).random(len(found)) < scale * chance
        found.loc[lost, columns] = None
    return found
