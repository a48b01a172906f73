"""What an outlined tumour measures: a table of its lesions, and all numbers as JSON."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from fusion.errors import ConfigError
from fusion.lesions.side import Midline
from fusion.lesions.summary import summary
from fusion.lesions.table import lesion_table
from fusion.report.publish import publish, to_csv
from fusion.run.outlined import Outlined

TABLE, NUMBERS = "lesions.csv", "numbers.json"


def write_lesions(folder: Path, found: Outlined, midline: Midline | None) -> dict[str, Any]:
    """Write `lesions.csv` and `numbers.json` of one patient.

    Args:
        folder: of the patient.
        found: the outline, on the grid of the files.
        midline: plane between left and right, in millimetres of the files; None tells no sides.

    Returns:
        What a table of patients says: whether there is a tumour (anything of the first region),
        the highest probability of one anywhere, the number of lesions, and across the largest.

    Raises:
        ConfigError: where the midline does not divide the image, naming the patient.
    """
    grid = found.masks, found.regions, found.affine, found.spacing_mm
    try:
        numbers = summary(*grid, midline=midline)
    except ConfigError as error:
        raise ConfigError(f"{found.patient}: {error}") from error
    publish(folder / NUMBERS, json.dumps(numbers, indent=1, allow_nan=False).encode())
    table = lesion_table(*grid).round(3)  # a micrometre, a microlitre
    publish(folder / TABLE, to_csv(table))
    largest = found.regions[0]
    columns = [f"{largest}_longest_mm", f"{largest}_perpendicular_mm"]
    known = len(table) > 0 and found.spacing_mm is not None
    return {
        "tumour": bool(found.masks[0].any()),
        "highest_probability": round(float(found.share[0].max()), 4),
        "lesions": len(table),
        **{f"largest_{name}": float(table[name].iloc[0]) if known else None for name in columns},
    }


def gather_lesions(out: Path, patients: Sequence[str]) -> None:
    """Put all patients' lesions into one table; who has none has no row."""
    tables = [pd.read_csv(out / patient / TABLE) for patient in patients]
    for patient, table in zip(patients, tables, strict=True):
        table.insert(0, "patient_id", patient)
    filled = [table for table in tables if len(table)] or tables[:1]
    publish(out / TABLE, to_csv(pd.concat(filled, ignore_index=True)))
