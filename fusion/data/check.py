"""Does a cohort know what a run's tasks need?"""

from collections.abc import Iterable, Mapping, Sequence

from fusion.data.cohort import Cohort
from fusion.data.sheet import nearest
from fusion.data.targets import CAUSE, EVENT, TIME
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


def check_causes(cohort: Cohort, causes: Mapping[str, Sequence[str]]) -> list[Fault]:
    """Events without a cause, causes without an event, and causes that no configuration names.

    Args:
        cohort: whose survival columns are there (`check_survival`).
        causes: the causes of each stem of survival columns.
    """
    faults = []
    for stem, names in sorted(causes.items()):
        column = stem + CAUSE
        if column not in cohort.targets:
            faults.append(_no_column(cohort, column))
            continue
        table = cohort.targets
        if stem + EVENT not in table:
            continue  # a fault already
        events = table[stem + EVENT]
        for patient, event, cause in zip(cohort.patients, events, table[column], strict=True):
            if event == 1 and cause is None:
                message = (
                    f"{column} is blank though {stem}{EVENT} is 1; name the cause, one of "
                    f"{', '.join(names)}: an event of unknown cause needs a cause of that name"
                )
            elif event != 1 and cause is not None:
                message = f"{column} is {str(cause)[:80]!r} though {stem}{EVENT} is not 1"
            elif cause is None or cause in names:
                continue
            else:
                hint = nearest(str(cause), names) or f"; it names {', '.join(names)}"
                message = f"{column} {str(cause)[:80]!r} is no cause of the configuration{hint}"
            faults.append(Fault(message, _FILE, cohort.lines.get(patient), patient))
    return faults


def _no_column(cohort: Cohort, column: str) -> Fault:
    if cohort.targets.columns.empty:
        return Fault(f"no column {column!r}: cohort {cohort.name} has no targets", _FILE)
    hint = nearest(column, [str(c) for c in cohort.targets.columns])
    has = f"; it has {', '.join(str(c) for c in cohort.targets.columns)}"
    return Fault(f"no column {column!r}{hint or has}", _FILE, 1)
