"""One thing that the doctor found, and where to mend it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import pandas as pd

from fusion.data.entry import Entry
from fusion.errors import Fault

FAULT = "fault"
"""A run would refuse it, or its numbers would be wrong."""

WARNING = "warning"
"""A run would go on; a person should know."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A fault or a warning."""

    severity: str
    kind: str
    """One word for what is wrong, to sort by: `unreadable`, `grids`, `duplicate`, ..."""
    message: str
    table: str = ""
    """`manifest.csv` or `targets.csv`, where the line is."""
    line: int | None = None
    patient: str | None = None
    file: str = ""
    """The file in question, seen from the data root."""

    @property
    def place(self) -> str:
        """Line, patient and file, as far as there are any.

        Example:
            >>> Finding(severity=FAULT, kind="a", message="b", table="manifest.csv", line=3).place
            'manifest.csv:3'
        """
        line = f"{self.table}:{self.line}" if self.line else self.table
        patient = f"patient {self.patient}" if self.patient else ""
        return ", ".join(part for part in (line, patient, self.file) if part)


def about(entry: Entry, severity: str, kind: str, message: str, file: str) -> Finding:
    """A finding on the file of a manifest row."""
    return Finding(
        severity=severity,
        kind=kind,
        message=message,
        table="manifest.csv",
        line=entry.line,
        patient=entry.patient_id,
        file=file,
    )


def of_tables(fault: Fault) -> Finding:
    """A fault that the cohort's own tables have."""
    return Finding(
        severity=FAULT,
        kind="manifest",
        message=fault.message,
        table=fault.file,
        line=fault.line,
        patient=fault.patient,
    )


def findings_table(findings: Sequence[Finding]) -> pd.DataFrame:
    """A row per finding."""
    columns = ["severity", "kind", "table", "line", "patient", "file", "message"]
    table = pd.DataFrame([asdict(f) for f in findings], columns=columns)
    return table.astype({"line": "Int64"})


def count(number: int, noun: str) -> str:
    """A number of things.

    Example:
        >>> count(1, "centre"), count(2, "centre")
        ('1 centre', '2 centres')
    """
    return f"{number} {noun}" + ("" if number == 1 else "s")


def some(names: Sequence[str], limit: int = 5) -> str:
    """The first few names, and how many more there are.

    Example:
        >>> some(["a", "b", "c"], limit=2)
        'a, b and 1 more'
    """
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more
