"""The audit as a reader sees it: what was asked, what was found, what could not be asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from fusion.audit.check import Audit, Check, Finding
from fusion.report.publish import publish, to_csv
from fusion.report.tables import Block, Cell, Line, Table

_SHOWN = 8
"""Patients named for one finding."""

_ROWS = 30
"""Of a table on the page; its CSV has all."""


@dataclass(frozen=True)
class Answer:
    """One question and its answer."""

    name: str
    question: str
    outcome: str
    """`nothing found`, `measured`, `1 warning`, `not asked`."""
    findings: Sequence[tuple[str, str]]
    """(severity, message with the patients)."""
    not_asked: str
    table: Table | None
    answer: str
    """What was measured, in a few words."""


@dataclass(frozen=True)
class AuditView:
    """All of it."""

    sentence: str
    answers: Sequence[Answer]
    """Those with findings first, then those that found nothing, then those not asked."""


def audit_view(audit: Audit | None) -> AuditView:
    """Lay out an audit; None is said aloud."""
    if audit is None:
        text = (
            "Nobody looked for leakage and shift in this run: whether a patient is in two parts, "
            "a column gives a label away, or the centres differ is not known from this report."
        )
        return AuditView(text, ())
    asked = [c for c in audit.checks if not c.not_asked]
    clean = sum(not c.findings for c in asked)
    verb = "was" if len(asked) == 1 else "were"
    text = f"{_count(len(asked), 'question')} about leakage and shift {verb} asked"
    counts = [
        _count(len(found), noun)
        for noun, found in (("error", audit.errors), ("warning", audit.warnings))
        if found
    ]
    text += f"; {clean} found nothing. There " if counts else ", and none found anything."
    if counts:
        one = len(audit.errors) + len(audit.warnings) == 1
        text += f"{'is' if one else 'are'} {' and '.join(counts)}."
    left = len(audit.checks) - len(asked)
    text += f" {_count(left, 'question')} could not be asked." if left else ""
    order = sorted(audit.checks, key=lambda c: (bool(c.not_asked), not c.findings))
    return AuditView(text, tuple(_answer(check) for check in order))


def save_audit(folder: Path, audit: Audit) -> None:
    """Write `audit.csv`, and in the folder `audit` the numbers behind each answer that has any.

    Raises:
        ReportError: where a file cannot be written.
    """
    publish(folder / "audit.csv", to_csv(audit_rows(audit)))
    for check in audit.checks:
        if check.table is not None:
            stem = "".join(c if c.isalnum() or c in "-_" else "_" for c in check.name)
            publish(folder / "audit" / f"{stem}.csv", to_csv(check.table))


def audit_rows(audit: Audit) -> pd.DataFrame:
    """A row per finding, or per question without one: `check`, `question`, `outcome`, `message`."""
    rows = []
    for check in audit.checks:
        about = {"check": check.name, "question": check.question}
        if check.not_asked:
            rows.append({**about, "outcome": "not asked", "message": check.not_asked})
        elif not check.findings:
            outcome = "measured" if check.answer else "nothing found"
            rows.append({**about, "outcome": outcome, "message": check.answer})
        rows += [{**about, "outcome": f.severity, "message": _whole(f)} for f in check.findings]
    return pd.DataFrame(rows, columns=["check", "question", "outcome", "message"])


def _answer(check: Check) -> Answer:
    severities = [f.severity for f in check.findings]
    counts = [_count(severities.count(s), s) for s in ("error", "warning") if severities.count(s)]
    quiet = "measured" if check.answer else "nothing found"
    outcome = "not asked" if check.not_asked else ", ".join(counts) or quiet
    findings = tuple((f.severity, _whole(f)) for f in check.findings)
    table = None if check.table is None or check.table.empty else _table(check.name, check.table)
    return Answer(
        check.name, check.question, outcome, findings, check.not_asked, table, check.answer
    )


def _whole(finding: Finding) -> str:
    """The message, and whom it is about where it does not say so itself."""
    unnamed = [p for p in finding.patients if p not in finding.message]
    if not unnamed:
        return finding.message
    more = f" and {len(unnamed) - _SHOWN} more" if len(unnamed) > _SHOWN else ""
    return f"{finding.message} Patients: {', '.join(unnamed[:_SHOWN])}{more}."


def _table(name: str, numbers: pd.DataFrame) -> Table:
    lines = [
        Line(_text(row.iloc[0]), tuple(Cell(_text(v)) for v in row.iloc[1:]))
        for _, row in numbers.head(_ROWS).astype(object).iterrows()
    ]
    cut = f"; the first {_ROWS} of {len(numbers)} rows" if len(numbers) > _ROWS else ""
    columns = tuple(str(c).replace("_", " ") for c in numbers.columns)
    return Table(f"{name}{cut}", columns, (Block("", tuple(lines)),))


def _text(value: object) -> str:
    if value is None or (isinstance(value, float) and pd.isna(value)):
        return "–"
    if isinstance(value, float) and not value.is_integer():
        return (
            f"{value:.3g}".replace("-", "−")
            if abs(value) < 0.001
            else f"{value:.3f}".replace("-", "−")
        )
    if isinstance(value, float):
        return f"{value:.0f}".replace("-", "−")
    return str(value)


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
