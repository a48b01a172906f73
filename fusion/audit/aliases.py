"""Is any patient here twice? Ids that differ only in how they are written."""

import re
from collections import defaultdict

from fusion.audit.check import Check, Finding
from fusion.audit.roster import Roster
from fusion.data.identifiers import plain_id
from fusion.types import PatientId


def two_ids(roster: Roster) -> Check:
    """Compare ids without case, separators and leading zeros."""
    groups: dict[tuple[str, ...], list[PatientId]] = defaultdict(list)
    for patient in roster.parts:
        groups[written_plainly(patient)].append(patient)
    findings = [
        Finding(
            severity=roster.severity(*same),
            message=(
                f"{' and '.join(map(roster.named, same))} differ only in how the id is written: "
                "where they are one patient, give all rows one id; else rename one"
            ),
            patients=tuple(same),
            subject=" and ".join(same),
        )
        for same in groups.values()
        if len(same) > 1
    ]
    return Check(
        name="patient under two ids",
        question="Do two ids differ only in case, separators or leading zeros?",
        findings=tuple(findings),
    )


def written_plainly(text: str) -> tuple[str, ...]:
    """Words and numbers of an id.

    Example:
        >>> written_plainly("GBM-02-0001") == written_plainly("gbm_2.1")
        True
        >>> written_plainly("P-1-11") == written_plainly("P-11-1")
        False
    """
    return tuple(plain_id(part) for part in re.findall(r"[^\W\d_]+|\d+", text.casefold()))
