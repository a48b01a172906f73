"""Tables of who took part: counts per centre, part and modality, and who did not."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from fusion.report.predictions import PARTS
from fusion.report.summary import RunSummary

PART_TITLES = {
    "train": "Training",
    "val": "Validation",
    "test": "Internal test",
    "external": "External",
}
"""How `part` is written for people."""


def patients_by_center(summary: RunSummary) -> pd.DataFrame:
    """A row per centre: `center`, a column per part, `patients`; external centres come last.

    Sorted by name within internal and external.
    """
    table = pd.DataFrame(
        {"center": pd.Series(dict(summary.centers)), "part": pd.Series(dict(summary.parts))}
    )
    counts = pd.crosstab(table["center"], table["part"]).reindex(columns=list(PARTS), fill_value=0)
    counts["patients"] = counts.sum(axis=1)
    outside = counts["external"] == counts["patients"]
    counts = counts.assign(outside=outside).reset_index().sort_values(["outside", "center"])
    return counts.drop(columns="outside").reset_index(drop=True).rename_axis(columns=None)


def presence_by_center(summary: RunSummary) -> pd.DataFrame:
    """A row per centre: `center`, `patients`, and how many have each modality."""
    modalities = [str(c) for c in summary.presence.columns]
    center = summary.presence.index.map(dict(summary.centers))
    counts = summary.presence.astype(np.int64).groupby(center).sum()
    order = patients_by_center(summary)[["center", "patients"]]
    return order.join(counts[modalities], on="center")


def excluded_by_reason(excluded: Sequence[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    """Reason -> patients, the commonest reason first."""
    grouped: dict[str, list[str]] = {}
    for patient, reason in excluded:
        grouped.setdefault(reason, []).append(patient)
    ordered = sorted(grouped.items(), key=lambda item: (-len(item[1]), item[0]))
    return {reason: tuple(sorted(patients)) for reason, patients in ordered}
