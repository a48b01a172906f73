"""Outlines of several runs, patient by patient, alone and beside those of other runs."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float

from fusion.errors import ComparisonError
from fusion.report.by_center import by_center
from fusion.report.outlines import FILE
from fusion.statistics.bootstrap import bootstrap, paired_bootstrap

PATIENT = ["modality", "part", "region", "center", "patient_id"]


def read_outlines(folders: Sequence[Path]) -> pd.DataFrame:
    """Mean Dice of each patient over the runs that judged them, and how many those were.

    Runs with other seeds or folds judge a patient more than once; patients, not runs, are what an
    interval is about, so that their rows become one.

    Raises:
        ComparisonError: for a run that outlines nothing.
    """
    without = [str(folder) for folder in folders if not (folder / FILE).exists()]
    if without:
        raise ComparisonError(
            f"{', '.join(without)}: no {FILE}, so nothing was outlined; give runs with modality "
            "mri_tumour, such as those of +experiment=btsc"
        )
    table = pd.concat([pd.read_csv(folder / FILE) for folder in folders])
    grouped = table.groupby(PATIENT, sort=True)["dice"]
    return grouped.agg(["mean", "size"]).rename(columns={"mean": "dice", "size": "runs"})


def compare_outlines(
    mine: pd.DataFrame, others: pd.DataFrame | None, *, draws: int, seed: int
) -> pd.DataFrame:
    """A row for each region, part and centre: Dice, and its difference from the others'.

    Args:
        mine: by `read_outlines`.
        others: the same patients by other runs; None where there are none.
        draws: of patients.
        seed: of the draws.

    Returns:
        `modality`, `region`, `part`, `center` ("all" first), `patients`, `runs`, `dice`, `low`,
        `high`, and where there are others `minus`, `minus_low`, `minus_high`, `p`; intervals of
        95 % from drawing patients.

    Raises:
        ComparisonError: where not both have the same patients.

    Example:
        >>> index = [("mri", "test", "WT", "A", "P1"), ("mri", "test", "WT", "A", "P2")]
        >>> rows = pd.MultiIndex.from_tuples(index, names=PATIENT)
        >>> table = pd.DataFrame({"dice": [0.8, 0.6], "runs": [1, 1]}, index=rows)
        >>> found = compare_outlines(table, table - 0.1, draws=100, seed=0)
        >>> found[["center", "patients", "dice", "minus"]].round(3).values.tolist()
        [['all', 2, 0.7, 0.1]]
    """
    if others is not None and not mine.index.equals(others.index):
        odd = mine.index.symmetric_difference(others.index)
        raise ComparisonError(
            f"{len(odd)} outlines are not in both, such as that of {' '.join(map(str, odd[0]))}; "
            "give runs of the same cohort, folds and regions"
        )
    rows = []
    for key, group in mine.groupby(["modality", "region", "part"], sort=False):
        for center, some in by_center(group):
            row = dict(zip(("modality", "region", "part"), key, strict=True))
            found = bootstrap(_mean, [some["dice"].to_numpy()], draws=draws, seed=seed)
            row |= {"center": center, "patients": len(some), "runs": int(some["runs"].max())}
            row |= {"dice": found.value, "low": found.low, "high": found.high}
            if others is not None:
                pair = some["dice"].to_numpy(), others.loc[some.index, "dice"].to_numpy()
                gap = paired_bootstrap(_mean, pair[:1], pair[1:], draws=draws, seed=seed)
                row |= {"minus": gap.value, "minus_low": gap.low}
                row |= {"minus_high": gap.high, "p": gap.p}
            rows.append(row)
    return pd.DataFrame(rows)


def _mean(values: Float[np.ndarray, " patients"]) -> float:
    return float(values.mean())
