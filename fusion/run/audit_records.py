"""The audit of a finished run, from the files in its folder; the cohort need not be there."""

from pathlib import Path

from fusion.audit.check import Audit
from fusion.audit.roster import Roster
from fusion.data.split import Split
from fusion.errors import ConfigError
from fusion.report.predictions import load
from fusion.run.audit import histories, records
from fusion.run.fitted import FILE, Fitted
from fusion.types import Center, PatientId

PARTS = ("train", "val", "test", "external")


def examine_run(folder: Path) -> Audit:
    """Hold notes of what was fitted, split, predictions and training curves against each other.

    Patients of further external cohorts are not in `split.json`; their part is that of the
    predictions.

    Raises:
        ConfigError: where the folder lacks a file that a finished run has.
        SplitError: for a split that cannot be read.
        ReadError: for predictions that cannot be read.
        BundleError: for notes that cannot be read.
    """
    for name in ("split.json", FILE, "predictions.parquet"):
        if not (folder / name).is_file():
            raise ConfigError(f"{folder} has no {name}: it is not the folder of a finished run")
    split, predictions = Split.load(folder / "split.json"), load(folder / "predictions.parquet")
    who = predictions.drop_duplicates("patient_id").set_index("patient_id")
    parts = {PatientId(str(p)): str(part) for p, part in who["part"].items()}
    divided = {p: part for part in PARTS for p in getattr(split, part)}
    unused = dict.fromkeys(split.unused, "unused")
    centers = {PatientId(str(p)): Center(str(c)) for p, c in who["center"].items()}
    roster = Roster({**parts, **divided, **unused}, centers)
    return Audit(records(Fitted(folder / FILE).fits, roster, histories(folder), predictions))
