"""A question that an audit asks, and what it found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from fusion.errors import LeakageError


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One answer that somebody must act on."""

    severity: Literal["error", "warning"]
    """An error stops the run; a warning stands in the report."""
    message: str
    """What was found, what was expected, what to do."""
    patients: tuple[str, ...] = ()
    """Whom it is about; empty where it is about a column or a centre."""
    subject: str = ""
    """What it is about, as a configuration names it to accept it: a modality, a centre."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One question, with its findings; none is a good answer."""

    name: str
    """Short, for a table: `patient in two parts`."""
    question: str
    """For a reader: `Is any patient in two parts, perhaps under two ids?`"""
    findings: tuple[Finding, ...] = ()
    not_asked: str = ""
    """Why the question could not be asked; empty where it was."""
    answer: str = ""
    """What the numbers come to in a few words, where that is no finding."""
    table: pd.DataFrame | None = None
    """The numbers behind the answer, if there are any."""


@dataclass(frozen=True)
class Audit:
    """All that was asked, in order.

    Example:
        >>> twice = Finding(severity="error", message="p1 is in train and test", patients=("p1",))
        >>> audit = Audit((Check(name="parts", question="Is anybody twice?", findings=(twice,)),))
        >>> [f.message for f in audit.errors], len(audit.warnings)
        (['p1 is in train and test'], 0)
    """

    checks: Sequence[Check]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What a run must not go on with."""
        return self._of("error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What a reader must know."""
        return self._of("warning")

    def refuse(self) -> None:
        """Stop where there are errors.

        Raises:
            LeakageError: with all of them.
        """
        if self.errors:
            noun = "error" if len(self.errors) == 1 else "errors"
            lines = "\n".join(f"  {finding.message}" for finding in self.errors)
            raise LeakageError(f"the audit found {len(self.errors)} {noun}:\n{lines}")

    def _of(self, severity: str) -> tuple[Finding, ...]:
        return tuple(f for c in self.checks for f in c.findings if f.severity == severity)
