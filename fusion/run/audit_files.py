"""`audit.json`: what was asked and found, for machines; the numbers lie beside it as CSV."""

import json
from pathlib import Path
from typing import Any

from fusion.audit.check import Audit, Check
from fusion.report.audit_section import save_audit
from fusion.report.publish import publish

FILE = "audit.json"


def write_audit(folder: Path, audit: Audit) -> Path:
    """Write `audit.json`, `audit.csv` and `audit/*.csv`.

    Raises:
        ReportError: where the folder cannot be written to.
    """
    save_audit(folder, audit)
    content = {
        "errors": len(audit.errors),
        "warnings": len(audit.warnings),
        "checks": [as_json(check) for check in audit.checks],
    }
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    return publish(folder / FILE, text.encode())


def as_json(check: Check) -> dict[str, Any]:
    """A question with its findings; its numbers are in the CSV of its name.

    Example:
        >>> as_json(Check(name="parts", question="Is anybody twice?"))["findings"]
        []
    """
    return {
        "name": check.name,
        "question": check.question,
        "answer": check.answer,
        "not_asked": check.not_asked,
        "findings": [
            {
                "severity": f.severity,
                "subject": f.subject,
                "message": f.message,
                "patients": list(f.patients),
            }
            for f in check.findings
        ],
    }
