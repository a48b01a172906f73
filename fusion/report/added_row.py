"""How much a fusion adds to the clinical offset that it begins at."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float

MOST = 5
"""Patients named per task."""


@dataclass(frozen=True)
class AddedRow:
    """The size of g beside the offset, over the patients of one part of one cohort."""

    task: str
    output: str
    """Such as `log-hazard`."""
    cohort: str
    part: str
    n: int
    offset_sd: float
    added_sd: float
    share: float | None
    """(Var(offset + g) - Var(offset)) / Var(offset + g): below 0 where g draws answers together.
    None where everybody's answer is the same."""
    correlation: float | None
    """Of g with the offset; None where one of them does not vary."""
    largest: float
    """Of all |g|."""


def added_rows(table: pd.DataFrame) -> list[AddedRow]:
    """A row for each output, cohort and part, in the table's order.

    Args:
        table: `patient_id`, `center`, `cohort`, `part`, `task`, `output`, `offset`, `g`; a row for
            each patient and output, on the scale of logits and log-hazards.

    Example:
        >>> who = {"patient_id": ["a", "b"], "center": "x", "cohort": "c", "part": "test"}
        >>> rows = pd.DataFrame(who | {"task": "os", "output": "log-hazard"})
        >>> added_rows(rows.assign(offset=[0.0, 2.0], g=[0.0, 2.0]))[0].share  # (4 - 1) / 4
        0.75
    """
    keys = ["task", "output", "cohort", "part"]
    rows = []
    for names, found in table.groupby(keys, sort=False):
        task, output, cohort, part = map(str, names)
        offset, g = (found[name].to_numpy(np.float64) for name in ("offset", "g"))
        rows.append(AddedRow(task, output, cohort, part, len(found), *_sizes(offset, g)))
    return rows


def most_changed(table: pd.DataFrame, task: str) -> pd.DataFrame:
    """Test and external patients whose answer to a task g changed most, the most first.

    Of several outputs, that of the largest |g|.
    """
    mine = table[(table["task"] == task) & table["part"].isin(["test", "external"])]
    order = mine["g"].abs().sort_values(ascending=False, kind="stable").index
    each = mine.loc[order].drop_duplicates(["cohort", "patient_id"])
    return each[each["g"] != 0].head(MOST)


def _sizes(
    offset: Float[np.ndarray, " n"], g: Float[np.ndarray, " n"]
) -> tuple[float, float, float | None, float | None, float]:
    whole = float((offset + g).var())
    before, after = float(offset.std()), float(g.std())
    share = None if whole == 0 else (whole - before**2) / whole
    flat = min(before, after) < 1e-9 * max(1.0, before, after)
    correlation = None if flat else float(np.corrcoef(offset, g)[0, 1])
    return before, after, share, correlation, float(np.abs(g).max())
