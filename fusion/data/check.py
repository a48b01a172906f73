"""Does a cohort know what a run's tasks need?"""

from collections.abc import Iterable, Mapping, Sequence

from fusion.data.cohort import Cohort
from fusion.data.sheet import nearest
from fusion.data.targets import EVENT, TIME
from fusion.errors import Fault

_FILE = "targets.csv"


def check_classes(cohort: Cohort, classes: Mapping[str, Sequence[str]]) -> list[Fault]:
    """Class columns that the cohort lacks, and classes that the configuration does not name.

    A blank cell is a label that is not known, and no fault.

    Args:
        cohort: for an evaluation with some labels missing, ask for the columns that it has.
        classes: the classes of each target column, as they are written in `targets.csv`.
    """
    faults = []
    for column, names in sorted(classes.items()):
        if column not in cohort.targets:
            faults.append(_no_column(cohort, column))
            continue
        if column.endswith((TIME, EVENT)):
            message = f"column {column!r} is a part of survival, not a class"
            faults.append(Fault(message, _FILE, 1))
            continue
        for patient, label in zip(cohort.patients, cohort.targets[column], strict=True):
            if label is None or label in names:
                continue
            hint = nearest(str(label), names) or f"; the configuration names {', '.join(names)}"
            message = f"{column} {str(label)[:80]!r} is a class that no configuration names{hint}"
            faults.append(Fault(message, _FILE, cohort.lines.get(patient), patient))
    return faults


def check_survival(cohort: Cohort, names: Iterable[str]) -> list[Fault]:
    """Survival columns that the cohort lacks; what they hold was checked when they were read."""
    return [
        _no_column(cohort, name + ending)
        for name in sorted(names)
        for ending in (TIME, EVENT)
        if name + ending not in cohort.targets
    ]


def _no_column(cohort: Cohort, column: str) -> Fault:
    if cohort.targets.columns.empty:
        return Fault(f"no column {column!r}: cohort {cohort.name} has no targets", _FILE)
    hint = nearest(column, [str(c) for c in cohort.targets.columns])
    has = f"; it has {', '.join(str(c) for c in cohort.targets.columns)}"
    return Fault(f"no column {column!r}{hint or has}", _FILE, 1)
