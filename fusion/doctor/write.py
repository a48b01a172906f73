"""The files of a check-up."""

import json
from pathlib import Path

import pandas as pd

from fusion.doctor.checkup import Checkup
from fusion.doctor.picture import draw
from fusion.report.publish import publish, to_csv

PICTURE = "check.png"


def write_checkup(checkup: Checkup, out: Path) -> None:
    """Write `check.json`, a CSV file for each of its tables, and `check.png`.

    Raises:
        ReportError: where the folder cannot be written to.
    """
    for name, table in checkup.tables.items():
        publish(out / f"{name}.csv", to_csv(table))
    publish(out / "check.json", to_json(checkup))
    if checkup.cohort is None:
        (out / PICTURE).unlink(missing_ok=True)  # one of an earlier check would mislead
    else:
        publish(out / PICTURE, draw(checkup))


def to_json(checkup: Checkup) -> bytes:
    """The verdict and all tables, a list of records each; a blank number is null."""
    cohort = checkup.cohort
    sound = cohort is not None and not any(f.kind == "manifest" for f in checkup.faults)
    content = {
        "cohort": checkup.folder.name if cohort is None else cohort.name,
        "patients": 0 if cohort is None else len(cohort.patients),
        "centers": 0 if cohort is None else len(set(cohort.centers.values())),
        "fingerprint": cohort.fingerprint() if cohort is not None and sound else None,
        "faults": len(checkup.faults),
        "warnings": len(checkup.warnings),
        "verdict": checkup.verdict,
        "tables": {name: records(table) for name, table in checkup.tables.items()},
    }
    return (json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def records(table: pd.DataFrame) -> list[dict[str, object]]:
    """Rows as plain values.

    Example:
        >>> records(pd.DataFrame({"a": [1, 2], "b": [0.5, None]}))
        [{'a': 1, 'b': 0.5}, {'a': 2, 'b': None}]
    """
    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in table.astype(object).to_dict("records")
    ]
