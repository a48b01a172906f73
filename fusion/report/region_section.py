"""What sampled regions were taken for, against their own labels."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from fusion.metrics.accuracy import balanced_accuracy
from fusion.metrics.auc import macro_auc
from fusion.report.by_center import by_center
from fusion.report.columns import Column, line, two
from fusion.report.measured import Measured, as_table, measure
from fusion.report.publish import publish, to_csv
from fusion.report.sheet import Sheet
from fusion.report.summary import RunSummary
from fusion.report.tables import Block, Table
from fusion.report.task_scores import JUDGED
from fusion.statistics.bootstrap import bootstrap

FILE = "regions.csv"
"""In the folder of a run."""

PROBABILITY = "p_"
"""Before the name of a class."""

TEXT = ("patient_id", "center", "cohort", "part", "modality", "region", "label")
"""Columns that are no numbers, whatever they look like."""

MEASURES = {"AUC": macro_auc, "balanced accuracy": balanced_accuracy}

_NOTE = (
    "Regions with a label of their own; of several classes the AUC is the mean of each against the "
    "rest. 95 % intervals by drawing patients, whose regions stay together."
)


def save_regions(table: pd.DataFrame, folder: Path) -> None:
    """Write them beside the report."""
    publish(folder / FILE, to_csv(table))


def read_regions(folder: Path) -> pd.DataFrame | None:
    """What a run has left; None where it told no region."""
    path = folder / FILE
    if not path.exists():
        return None
    return pd.read_csv(path, dtype=dict.fromkeys(TEXT, str))


def region_items(summary: RunSummary, *, draws: int, seed: int) -> Iterator[Sheet]:
    """A table for each modality; nothing where no region has a label."""
    if summary.regions is None:
        return
    labelled = summary.regions.dropna(subset="label")
    for modality, mine in labelled.groupby("modality"):
        rows = list(region_rows(mine, draws, seed))
        columns = [Column(name, name, two) for name in MEASURES]
        lines = []
        for part, group in dict.fromkeys((row.part, row.group) for row in rows):
            some = [row for row in rows if (row.part, row.group) == (part, group)]
            where = JUDGED[part] if group == "all" else f"{JUDGED[part]}, {group}"
            main = group == "all"
            lines.append(line(where, some, columns, where=where, main=main))
        head = ("Regions of", "Patients", "Regions", *MEASURES)
        table = Table(f"{modality}: what each region is", head, (Block("", tuple(lines)),))
        yield Sheet(f"regions_{modality}", table, as_table(rows), _NOTE)


def region_rows(table: pd.DataFrame, draws: int, seed: int) -> Iterator[Measured]:
    """Every number, of each part and centre.

    Args:
        table: regions with labels, of one modality.
        draws: of patients.
        seed: of the draws.
    """
    columns = [name for name in table if str(name).startswith(PROBABILITY)]
    classes = [str(name).removeprefix(PROBABILITY) for name in columns]
    for part in JUDGED:
        for group, some in by_center(table[table["part"] == part]):
            target = some["label"].map(classes.index).to_numpy()
            arrays = [some[columns].to_numpy(np.float64), target]
            patients = some["patient_id"].to_numpy()
            n = len(set(patients))
            blank = Measured("regions", "", "fusion", part, group, n, len(some))
            for name, metric in MEASURES.items():
                find = partial(bootstrap, metric, arrays, draws=draws, seed=seed, groups=patients)
                yield measure(blank, name, find)
