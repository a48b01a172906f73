"""The published table -> predictions in the form that a report is computed from."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pandas as pd

from fusion.cohorts.mri_gnp.check import EXTERNAL, faults
from fusion.cohorts.mri_gnp.markers import MARKERS
from fusion.cohorts.mri_gnp.raw import read
from fusion.errors import CohortError, ConfigError, Fault

MODEL = "mri_gnp"
COHORT = "mri_gnp"

NOTES = (
    "The table has an id for each row, not for each patient: the markers of one patient cannot be "
    "joined. What is called a patient here is one answer about one marker.",
    "Only rows of external centres are used. All 22 AUCs of the internal rows equal a number of "
    "three decimals, which chance does not do.",
    "TCGA and CGGA are collections from several hospitals. CGGA is led from the hospital where the "
    "model was made; whether patients of its training are among them, the table does not say.",
    "Probabilities have three decimals. Nothing is known of the patients' age, sex or treatment, "
    "of what the model was given, and of who was left out before the table was made.",
)
"""What the reader of any report on these predictions should know."""


def convert_mri_gnp(source: Path, *, tasks: Sequence[str] | None = None) -> pd.DataFrame:
    """Rows of external centres, two for each: p of yes, and 1 - p of no.

    The table gives the probability of the answer that was predicted; `no` at 0.8 is p = 0.2 of
    yes. 1 - p is taken in decimals, so that 0.1 stays 0.1.

    Args:
        source: the CSV; never written to.
        tasks: names as in `MARKERS[...].name`; None for all.

    Returns:
        Columns as `fusion.report.predictions.SCHEMA` says, in the order of the table.

    Raises:
        ReadError: for a file that is missing or not what it should be.
        CohortError: where rows are wrong, with all faults and their lines, or none is external.
        ConfigError: for a task that there is not.
    """
    chosen = {raw: m for raw, m in MARKERS.items() if tasks is None or m.name in tasks}
    if unknown := sorted(set(tasks or ()) - {m.name for m in MARKERS.values()}):
        raise ConfigError(
            f"tasks {unknown}: expected {', '.join(m.name for m in MARKERS.values())}"
        )
    table = read(source)
    if wrong := faults(table, source.name):
        raise CohortError(source, wrong)
    table = table[(table["data_split"] == EXTERNAL) & table["task"].isin(list(chosen))]
    if table.empty:
        nothing = f"no row with data_split {EXTERNAL} and a task of {', '.join(chosen)}"
        raise CohortError(source, [Fault(nothing, source.name)])
    rows = []
    for case, center, task, label, answer, shown in table[
        ["case_id", "center_code", "task", "label", "prediction", "prediction_probability"]
    ].itertuples(index=False):
        marker, other = chosen[task], float(1 - Decimal(shown))
        for name, word in (("no", marker.no), ("yes", marker.yes)):
            value = float(shown) if answer == name else other
            whose = (MODEL, case, center, COHORT, "external", marker.name, word)
            rows.append((*whose, value, float(label == name), float("nan")))
    columns = ["model", "patient_id", "center", "cohort", "part", "task", "class"]
    return pd.DataFrame(rows, columns=[*columns, "value", "target", "event"])


def tasks_yaml(predictions: pd.DataFrame) -> str:
    """What `scripts/report.py` must be told of the tasks of `convert_mri_gnp`.

    Example:
        >>> two = pd.DataFrame({"task": ["idh", "idh"], "class": ["wildtype", "mutant"]})
        >>> print(tasks_yaml(two), end="")
        # of two classes the last is the positive one
        idh: {kind: classification, classes: [wildtype, mutant]}
    """
    present = set(predictions["task"])
    lines = [
        f"{m.name}: {{kind: classification, classes: [{m.no}, {m.yes}]}}"
        for m in MARKERS.values()
        if m.name in present
    ]
    return "\n".join(["# of two classes the last is the positive one", *lines, ""])
