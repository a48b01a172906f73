"""Table one: who the patients are, by part or by centre, and how far each part is from training.

`tableone` is not used: it counts what is not known over everybody instead of by group, takes the
differences of all pairs instead of those from training, and brings openpyxl and tabulate.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd

from fusion.report.follow_up import follow_up_quartiles
from fusion.report.labels import CENSORED, EVENT, known_labels, names_of
from fusion.report.predictions import PARTS
from fusion.report.summary import RunSummary
from fusion.report.tasks import TaskInfo
from fusion.report.who import PART_TITLES, patients_by_center
from fusion.statistics.standardised_difference import (
    standardised_difference,
    standardised_difference_of_classes,
)

COLUMNS = (
    *("variable", "level", "group", "patients", "known", "count", "share"),
    *("median", "lower_quartile", "upper_quartile", "smd"),
)
"""`share` is of those who are known; `smd` is the standardised difference from training."""

Row = dict[str, object]
Distance = Callable[[np.ndarray, np.ndarray], float]


def table_one(
    predictions: pd.DataFrame, summary: RunSummary, *, by_center: bool = False
) -> pd.DataFrame:
    """Every number of table one, a row per variable, level and group; see `COLUMNS`.

    Numbers are told by median and quartiles; text, 0/1 columns and numbers that are subgroups by
    value by count and share; survival by events and follow-up. There is no distance by centre, nor
    without training patients.

    Args:
        predictions: for the labels.
        summary: for the characteristics, parts and centres.
        by_center: a group per centre instead of one per part.
    """
    groups = _by_center(summary) if by_center else _by_part(summary)
    base = "" if by_center else PART_TITLES["train"]
    everybody = pd.Index(list(summary.parts))
    rows: list[Row] = []
    if summary.characteristics is not None:
        for name, values in summary.characteristics.reindex(everybody).items():
            by_value = not summary.subgroups.get(str(name), [0.0])
            rows += _characteristic(str(name), values, groups, base, by_value=by_value)
    for task in summary.tasks:
        known = known_labels(predictions, task).set_index("patient_id").reindex(everybody)
        rows += _label(task, known, groups, base)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _by_part(summary: RunSummary) -> Mapping[str, pd.Index]:
    parts = pd.Series(dict(summary.parts))
    return {PART_TITLES[p]: parts.index[parts == p] for p in PARTS if (parts == p).any()}


def _by_center(summary: RunSummary) -> Mapping[str, pd.Index]:
    centers = pd.Series(dict(summary.centers))
    return {c: centers.index[centers == c] for c in patients_by_center(summary)["center"]}


def _characteristic(
    name: str, values: pd.Series, groups: Mapping[str, pd.Index], base: str, *, by_value: bool
) -> Iterator[Row]:
    known = values.dropna()
    if values.dtype == object:
        levels = tuple(sorted(set(known)))
        yield from _shares(name, values, levels, levels, groups, base)
    elif set(known) <= {0.0, 1.0}:
        text = values.map({0.0: "no", 1.0: "yes"}).astype(object)
        yield from _shares(name, text, ("yes",), ("no", "yes"), groups, base)
    elif by_value:
        text = values.map("{:g}".format, na_action="ignore").astype(object)
        levels = tuple(f"{value:g}" for value in sorted(set(known)))
        yield from _shares(name, text, levels, levels, groups, base)
    else:
        for row, here in _rows(name, "median (quartiles)", values, groups, base):
            found = np.quantile(here, [0.5, 0.25, 0.75]) if len(here) else np.full(3, np.nan)
            yield row | _quartiles(found)


def _label(
    task: TaskInfo, known: pd.DataFrame, groups: Mapping[str, pd.Index], base: str
) -> Iterator[Row]:
    label = known["label"].astype(object)
    if task.kind != "survival":
        names = names_of(task)
        yield from _shares(task.name, label, names, names, groups, base)
        return
    # how many died tells little apart without when: no distance
    yield from _shares(task.name, label, (EVENT,), (EVENT, CENSORED), groups, "")
    for group, patients in groups.items():
        here = known.loc[patients].dropna(subset=["time_days"])
        times, event = here["time_days"].to_numpy(float), (here["label"] == EVENT).to_numpy(bool)
        row = _row(task.name, "follow-up, days (quartiles)", group, len(patients), len(here))
        yield row | _quartiles(follow_up_quartiles(times, event))


def _shares(
    name: str,
    values: pd.Series,
    shown: tuple[str, ...],
    classes: tuple[str, ...],
    groups: Mapping[str, pd.Index],
    base: str,
) -> Iterator[Row]:
    """A row per class that is shown; the distance is of all at once and stands on the first."""

    def distance(a: np.ndarray, b: np.ndarray) -> float:
        return standardised_difference_of_classes(a, b, classes)

    for level in shown:
        first = base if level == shown[0] else ""
        for row, here in _rows(name, level, values, groups, first, distance):
            count = int((here == level).sum())
            yield row | {"count": count, "share": count / len(here) if len(here) else np.nan}


def _rows(
    name: str,
    level: str,
    values: pd.Series,
    groups: Mapping[str, pd.Index],
    base: str,
    distance: Distance = standardised_difference,
) -> Iterator[tuple[Row, np.ndarray]]:
    """For each group, its row and the values that are known."""
    for group, patients in groups.items():
        here = values[patients].dropna().to_numpy()
        row = _row(name, level, group, len(patients), len(here))
        if base in groups and group != base:
            row["smd"] = distance(here, values[groups[base]].dropna().to_numpy())
        yield row, here


def _row(variable: str, level: str, group: str, patients: int, known: int) -> Row:
    about = {"variable": variable, "level": level, "group": group}
    return {**dict.fromkeys(COLUMNS, np.nan), **about, "patients": patients, "known": known}


def _quartiles(found: np.ndarray) -> Row:
    return dict(zip(("median", "lower_quartile", "upper_quartile"), found.tolist(), strict=True))
