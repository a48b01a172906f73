"""Who belongs to which stratum: centres, columns of the clinical table, labels of other tasks."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from fusion.compare.agree import Entry
from fusion.report.labels import known_labels
from fusion.report.subgroups import CENTER, grouped
from fusion.run.characteristics import characteristics
from fusion.run.cohort import open_cohort, open_external
from fusion.run.place import Place
from fusion.types import PatientId

Strata = Mapping[str, pd.Series]
"""Characteristic -> the group of every patient, by id."""

ALWAYS = ("grade", "histology")
"""Beginnings of columns of the clinical table that are looked into without being asked for."""

LABEL = " (label)"
"""After the name of a task whose classes are strata."""


def strata(entries: Sequence[Entry]) -> tuple[Strata, list[str]]:
    """Groups of every patient, and a sentence for what could not be told.

    Centres; every column that `evaluation.subgroups` names, grade and histology of the clinical
    table; the label of every task with classes.
    """
    first = entries[0].run
    config = first.config
    predictions = pd.concat([e.run.predictions for e in entries], ignore_index=True)
    who = predictions.drop_duplicates("patient_id").set_index("patient_id")
    found: dict[str, pd.Series] = {CENTER: grouped(who["center"], ())}
    for info in first.tasks:
        if info.kind != "survival":
            label = known_labels(predictions, info).drop_duplicates("patient_id")
            values = label.set_index("patient_id")["label"].reindex(who.index)
            found[f"{info.name}{LABEL}"] = grouped(values, ())
    if not (Path(config.cohort.root) / "manifest.csv").exists():
        return found, [
            f"The cohort folder {config.cohort.root} is not on this machine, so strata are of "
            "centres and labels only."
        ]
    cohort = open_cohort(config)
    if cohort.fingerprint() != first.split.fingerprint:
        return found, [
            f"The cohort in {config.cohort.root} has changed since the runs, so strata are of "
            "centres and labels only."
        ]
    everybody = [cohort, *open_external(config, cohort).values()]
    present = set(who.index)
    places = [
        Place(c, "test", tuple(PatientId(p) for p in c.patients if p in present)) for c in everybody
    ]
    table = characteristics(config, places)
    asked = dict(config.evaluation.subgroups)
    for column in [] if table is None else table.columns:
        edges = asked.get(column, [] if str(column).startswith(ALWAYS) else None)
        if table is not None and edges is not None and table[column].notna().any():
            found[str(column)] = grouped(table[column].reindex(who.index), edges)
    return found, []
