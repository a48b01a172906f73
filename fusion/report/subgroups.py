"""Who belongs to which subgroup."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from fusion.report.summary import RunSummary
from fusion.statistics.bands import NOT_KNOWN

CENTER = "centre"
"""The subgroup that every report has."""


def subgroups(summary: RunSummary) -> Mapping[str, pd.Series]:
    """Characteristic -> the group of every patient, an ordered category; the centre comes last.

    Patients of whom it is not known are a group too. A characteristic that nobody has is left out.
    """
    patients = pd.Index(list(summary.centers), name="patient_id")
    found = {}
    if summary.characteristics is not None:
        for name, edges in summary.subgroups.items():
            values = summary.characteristics[name].reindex(patients)
            if values.notna().any():
                found[name] = grouped(values, edges)
    found[CENTER] = grouped(pd.Series(dict(summary.centers)).reindex(patients), ())
    return found


def grouped(values: pd.Series, edges: Sequence[float]) -> pd.Series:
    """Bands between edges, or each value by itself; in ascending order, `not known` last.

    Args:
        values: numbers, or text without edges.
        edges: where each band but the lowest begins, increasing.

    Example:
        >>> grouped(pd.Series([39.5, 40.0, None, 71.0]), [40.0, 60.0]).tolist()
        ['under 40', '40 to under 60', 'not known', '60 and over']
        >>> grouped(pd.Series([1.0, 0.0]), []).cat.categories.tolist()
        ['0', '1']
    """
    known = values.notna()
    if edges:
        middle = [f"{a:g} to under {b:g}" for a, b in pairwise(edges)]
        names = [f"under {edges[0]:g}", *middle, f"{edges[-1]:g} and over"]
        index = np.digitize(values.to_numpy(float), edges) % len(names)  # NaN comes last
        text = pd.Series([names[i] for i in index], index=values.index)
    else:
        text = values.map(_written)
        names = [_written(v) for v in sorted(values[known].unique())]
    text = text.where(known, NOT_KNOWN)
    order = [*dict.fromkeys(names), *([] if known.all() else [NOT_KNOWN])]
    return text.astype(pd.CategoricalDtype(order, ordered=True))


def _written(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
