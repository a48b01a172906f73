"""What is known of the outcomes, and whether there is enough to learn from at each centre."""

from collections import Counter, defaultdict

import numpy as np
import pandas as pd

from fusion.data.cohort import Cohort
from fusion.data.targets import EVENT, TIME
from fusion.doctor.coverage import centers_of
from fusion.doctor.finding import WARNING, Finding, count, some
from fusion.doctor.table import ALL
from fusion.metrics.censoring import Censoring

MOST_CLASSES = 20
"""A column with more different values is no class."""


def class_columns(cohort: Cohort) -> list[str]:
    """Targets that are classes."""
    return [str(c) for c in cohort.targets.columns if not str(c).endswith((TIME, EVENT))]


def survival_names(cohort: Cohort) -> list[str]:
    """Targets that are a time with an event."""
    columns = {str(c) for c in cohort.targets.columns}
    stems = [c.removesuffix(TIME) for c in sorted(columns) if c.endswith(TIME)]
    return [stem for stem in stems if stem + EVENT in columns]


def class_table(cohort: Cohort) -> pd.DataFrame:
    """Patients of each class by centre; a blank label is one that is not known."""
    records = []
    centers = pd.Series({p: str(c) for p, c in cohort.centers.items()}, dtype=object)
    for column in class_columns(cohort):
        labels = cohort.targets[column]
        names = sorted(labels.dropna().unique())
        if len(names) > MOST_CLASSES:
            labels = labels.where(labels.isna(), f"{len(names)} different values")
            names = sorted(labels.dropna().unique())
        for center in [ALL, *centers_of(cohort)]:
            mine = labels if center == ALL else labels[(centers == center).to_numpy()]
            counts = Counter(mine.dropna())
            known = counts.total()
            records += [
                {
                    "target": column,
                    "center": center,
                    "label": name,
                    "patients": counts[name],
                    "share_of_known": round(counts[name] / known, 4) if known else None,
                }
                for name in names
            ]
            unknown = {"label": "", "patients": len(mine) - known, "share_of_known": None}
            records.append({"target": column, "center": center, **unknown})
    columns = ["target", "center", "label", "patients", "share_of_known"]
    return pd.DataFrame(records, columns=columns).astype({"share_of_known": "float64"})


def follow_up_table(cohort: Cohort) -> pd.DataFrame:
    """Events and median follow-up by centre.

    The median is that of the time to censoring, with events as its censoring (reverse
    Kaplan-Meier; Schemper and Smith 1996); blank where the curve does not come down to a half.
    """
    records = []
    centers = pd.Series({p: str(c) for p, c in cohort.centers.items()}, dtype=object)
    for name in survival_names(cohort):
        both = cohort.targets[[name + TIME, name + EVENT]]
        for center in [ALL, *centers_of(cohort)]:
            mine = both if center == ALL else both[(centers == center).to_numpy()]
            known = mine.dropna()
            days = known[name + TIME].to_numpy(np.float64)
            event = known[name + EVENT].to_numpy(np.float64) == 1
            records.append(
                {
                    "target": name,
                    "center": center,
                    "patients": len(mine),
                    "known": len(known),
                    "events": int(event.sum()),
                    "event_share": round(float(event.mean()), 4) if len(known) else None,
                    "median_follow_up_days": _median_follow_up(days, event),
                    "longest_days": float(days.max()) if len(known) else None,
                }
            )
    columns = ["target", "center", "patients", "known", "events", "event_share"]
    floats = ["event_share", "median_follow_up_days", "longest_days"]
    table = pd.DataFrame(records, columns=[*columns, *floats[1:]])
    return table.astype(dict.fromkeys(floats, "float64"))


def outcome_warnings(cohort: Cohort, classes: pd.DataFrame, times: pd.DataFrame) -> list[Finding]:
    """Targets with one class or without events, in all or at a centre; patients without labels."""
    found = []
    for target, rows in classes[classes["label"] != ""].groupby("target", sort=False):
        per_center: dict[str, list[str]] = defaultdict(list)
        for row in rows[rows["patients"] > 0].to_dict("records"):
            per_center[row["center"]].append(f"{row['label']}, {row['patients']}")
        if len(per_center[ALL]) < 2:
            found.append(_warning("classes", f"{target}: fewer than two classes in all"))
            continue
        single = [f"{c} ({v[0]})" for c, v in per_center.items() if c != ALL and len(v) == 1]
        if single:
            message = (
                f"{target}: only one class at {count(len(single), 'centre')}: {some(single, 8)}"
            )
            found.append(_warning("classes", f"{message}; no AUC can be computed there"))
        spelt = Counter(str(label).casefold() for label in rows["label"].unique())
        if twice := [name for name, count in spelt.items() if count > 1]:
            found.append(_warning("classes", f"{target}: {twice[0]!r} in two spellings; keep one"))
    for target, rows in times.groupby("target", sort=False):
        none = rows[(rows["known"] > 0) & (rows["events"] == 0)]["center"].tolist()
        if ALL in none:
            found.append(_warning("events", f"{target}: no event in all"))
        elif none:
            message = f"{target}: no event at {count(len(none), 'centre')}: {some(none, 8)}"
            found.append(_warning("events", f"{message}; no C-index can be computed there"))
    blank = cohort.targets.index[cohort.targets.isna().all(axis=1)].tolist()
    if blank and not cohort.targets.columns.empty:
        message = f"no label at all: {count(len(blank), 'patient')} ({some(blank)})"
        found.append(_warning("labels", f"{message}; they cannot train or test anything"))
    return found


def _warning(kind: str, message: str) -> Finding:
    return Finding(severity=WARNING, kind=kind, message=message, table="targets.csv")


def _median_follow_up(days: np.ndarray, event: np.ndarray) -> float | None:
    if not len(days):
        return None
    curve = Censoring.fit(days, event)
    below = np.flatnonzero(curve.followed <= 0.5)
    return float(curve.days[below[0]]) if len(below) else None
