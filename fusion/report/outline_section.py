"""How well the tumour was outlined: per part and centre, lesion by lesion, and three patients."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import pandas as pd

from fusion.errors import UndefinedMetric
from fusion.metrics.froc import Scan, froc
from fusion.report.by_center import by_center
from fusion.report.columns import Column, line, two
from fusion.report.drawing import Blank, Drawing
from fusion.report.measured import Measured, as_table, measure
from fusion.report.outline_picture import Pictured, outline_picture
from fusion.report.sheet import Sheet
from fusion.report.summary import RunSummary
from fusion.report.tables import Block, Table
from fusion.report.task_scores import JUDGED
from fusion.statistics.bootstrap import Interval, bootstrap

MEANS = {
    "Dice": "dice",
    "NSD": "nsd",
    "Lesion-wise Dice": "lesion_dice",
}
MEDIANS = {"HD95": "hd95_mm"}

_NOTE = (
    "Mean over patients, for HD95 (mm) the median; 95 % intervals by drawing patients. Both masks "
    "empty: Dice 1, HD95 0; one empty: Dice 0, HD95 374 mm. HD95 and NSD weigh surface elements by "
    "their area. Lesion-wise: BraTS 2023, a missed or false lesion counts 0. Found: share of the "
    "drawn lesions. False: predicted lesions per patient that touch none."
)


def outline_items(
    summary: RunSummary, *, draws: int, seed: int
) -> Iterator[Sheet | Drawing | Blank]:
    """Table and picture; nothing where no model outlines."""
    if summary.outlines is None:
        return
    table, marks = summary.outlines.scores, summary.outlines.marks
    for modality, mine in table.groupby("modality", sort=False):
        rows = list(outline_rows(mine, marks[marks["modality"] == modality], draws, seed))
        yield _sheet(str(modality), rows)
    if summary.outlines.pictures:
        yield _picture(summary.outlines.pictures)


def outline_rows(
    table: pd.DataFrame, marks: pd.DataFrame, draws: int, seed: int
) -> Iterator[Measured]:
    """Every number of the table, of each region, part and centre."""
    for region, of_region in table.groupby("region", sort=False):
        for part in JUDGED:
            for group, some in by_center(of_region[of_region["part"] == part]):
                blank = Measured("outline", str(region), "fusion", part, group, len(some), None)
                yield from _of_group(blank, some, draws, seed)
        if region == table["region"].iloc[0]:
            for part in JUDGED:
                mine = marks[marks["part"] == part]
                if len(mine):
                    n = mine["patient_id"].nunique()
                    blank = Measured("outline", str(region), "fusion", part, "all", n, None)
                    yield measure(blank, "FROC", partial(_froc, mine))


def _froc(marks: pd.DataFrame) -> float:
    return froc(scans(marks)).score


def scans(marks: pd.DataFrame) -> list[Scan]:
    """Marks of each patient.

    Example:
        >>> rows = {"patient_id": ["a", "a", "b"], "score": [0.9, 0.4, None]}
        >>> rows |= {"hit": [0, None, None], "lesions": [1, 1, 0]}
        >>> [(len(scan.scores), scan.lesions) for scan in scans(pd.DataFrame(rows))]
        [(2, 1), (0, 0)]
    """
    found = []
    for _, rows in marks.groupby("patient_id", sort=False):
        real = rows[rows["score"].notna()]
        hits = [None if pd.isna(hit) else int(hit) for hit in real["hit"]]
        found.append(Scan([float(s) for s in real["score"]], hits, int(rows["lesions"].iloc[0])))
    return found


def _of_group(blank: Measured, some: pd.DataFrame, draws: int, seed: int) -> Iterator[Measured]:
    def over(column: str, how: str) -> Interval:
        if column not in some or some[column].isna().all():
            raise UndefinedMetric("the files say no spacing, so there are no millimetres")
        values = some[column].dropna().to_numpy(np.float64)
        if len(values) < 2:
            raise UndefinedMetric("needs 2 patients, found 1")
        return bootstrap(
            lambda x: float(np.mean(x) if how == "mean" else np.median(x)),
            [values],
            draws=draws,
            seed=seed,
        )

    for name, column in MEANS.items():
        yield measure(blank, name, partial(over, column, "mean"))
    for name, column in MEDIANS.items():
        yield measure(blank, name, partial(over, column, "median"))
    if "lesions_found" in some:
        found, missed = some["lesions_found"].sum(), some["lesions_missed"].sum()
        share = float(found / (found + missed)) if found + missed else None
        if share is not None:
            yield measure(blank, "Found", lambda: share)
        yield measure(blank, "False", lambda: float(some["lesions_false"].mean()))


def _sheet(modality: str, rows: Sequence[Measured]) -> Sheet:
    names = [*MEANS, *MEDIANS, "Found", "False", "FROC"]
    columns = [Column(name, name, two) for name in names]
    blocks = []
    for region in dict.fromkeys(row.outcome for row in rows):
        lines = []
        for part, group in dict.fromkeys((r.part, r.group) for r in rows if r.outcome == region):
            mine = [r for r in rows if (r.outcome, r.part, r.group) == (region, part, group)]
            where = f"{JUDGED[part]}" if group == "all" else f"{JUDGED[part]}, {group}"
            main = group == "all"
            lines.append(line(where, mine, columns, where=where, counted=False, main=main))
        blocks.append(Block(region, tuple(lines)))
    head = ("Region, patients of", "Patients", *(column.title for column in columns))
    table = Table(f"{modality}: outline of the tumour", head, tuple(blocks))
    return Sheet(f"outline_{modality}", table, as_table(rows), _NOTE)


def _picture(found: Sequence[Pictured]) -> Drawing:
    caption = (
        "The external patients with the best, the median and the worst Dice of the first region: "
        "what the network outlined, and dotted what was drawn by hand. Letters, where files "
        "tell: the patient's right and left, front and back."
    )
    return outline_picture(found, "outlines", "Outlines: best, median, worst", caption)
