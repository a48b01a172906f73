"""Findings that the authors know of, and have a reason to go on with."""

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches

from fusion.audit.check import Audit, Check, Finding
from fusion.errors import ConfigError


def accepted(audit: Audit, reasons: Mapping[str, str]) -> Audit:
    """The same audit; what is accepted is a warning that gives its reason.

    Args:
        audit: as it was found.
        reasons: "name of a check", or "name of a check/subject of a finding" -> why.

    Raises:
        ConfigError: for the name of a check that does not exist.

    Example:
        >>> bad = Finding(severity="error", message="rna: z-scored over all.", subject="rna")
        >>> audit = Audit((Check(name="scaling", question="?", findings=(bad,)),))
        >>> accepted(audit, {"scaling/rna": "the source gives no other."}).warnings[0].message
        'rna: z-scored over all. Accepted: the source gives no other.'
        >>> accepted(audit, {"scalin": "we like it"})
        Traceback (most recent call last):
        fusion.errors.ConfigError: audit.accept: there is no check 'scalin'; did you mean 'scaling'?
    """
    names = [check.name for check in audit.checks]
    for key in reasons:
        name = key.partition("/")[0]
        if name not in names:
            near = get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}"
            raise ConfigError(f"audit.accept: there is no check {name!r}; {hint}")
    return Audit(
        tuple(
            replace(check, findings=tuple(_one(check, f, reasons) for f in check.findings))
            for check in audit.checks
        )
    )


def _one(check: Check, finding: Finding, reasons: Mapping[str, str]) -> Finding:
    reason = reasons.get(f"{check.name}/{finding.subject}", reasons.get(check.name))
    if reason is None:
        return finding
    said = finding.message.removesuffix(".")
    return replace(finding, severity="warning", message=f"{said}. Accepted: {reason}")
