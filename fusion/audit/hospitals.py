"""Is an external hospital also a training hospital, under another name or site code?"""

import re
import unicodedata
from collections.abc import Sequence
from itertools import product

from fusion.audit.check import Check, Finding
from fusion.audit.roster import Roster
from fusion.types import Center

GENERIC = frozenset(
    {"and", "center", "centre", "clinic", "college", "de", "der", "di", "general", "hopital"}
    | {"hospital", "hospitals", "institute", "klinik", "klinikum", "medical", "of", "ospedale"}
    | {"school", "site", "the", "universitaire", "university"}
)
"""Words that many hospitals share."""

INSIDE = ("train", "val", "test")


def one_hospital(roster: Roster, hints: Sequence[tuple[Center, Center, str]] = ()) -> Check:
    """Hold the external centres against the others.

    Within one cohort, one name is one hospital. Two cohorts may each have a `Site 1`: there it is
    a warning.

    Args:
        roster: who is from where.
        hints: (internal centre, external centre, why they may be one) from the data.
    """
    inside, outside = roster.centers_of(*INSIDE), roster.centers_of("external")
    findings = []
    for a, b in product(inside, outside):
        why = same_name(a, b)
        if why:
            sure = _together(roster, a, b)
            findings.append(_finding(roster, a, b, "error" if sure else "warning", why))
            continue
        reasons = [text for x, y, text in hints if (x, y) == (a, b)]
        if similar_name(a, b):
            reasons.append("have the same name but for words that many hospitals share")
        if reasons:
            findings.append(_finding(roster, a, b, "warning", " and ".join(reasons)))
    return Check(
        name="one hospital, two centres",
        question="Is an external hospital also a training hospital, under another name or code?",
        findings=tuple(findings),
        not_asked="" if outside else "the run has no external patients",
    )


def _together(roster: Roster, a: Center, b: Center) -> bool:
    """Whether one cohort has patients of the one inside and of the other outside."""
    inside, outside = (
        {roster.cohorts.get(p, "") for p in roster.of(*parts) if roster.centers[p] == center}
        for parts, center in ((INSIDE, a), (("external",), b))
    )
    return bool(inside & outside)


def same_name(a: str, b: str) -> str:
    """Why two names mean one hospital; empty where they do not say so.

    Example:
        >>> same_name("Case Western", "CASE-WESTERN - St Joes")
        'have names of which one begins the other'
        >>> same_name("Site 1", "Site 12")
        ''
    """
    one, other = sorted((words(a), words(b)), key=len)
    if a == b:
        return "have one name"
    if one == other:
        return "have one name, written in two ways"
    if one and other[: len(one)] == one and not set(one) <= GENERIC:
        return "have names of which one begins the other"
    return ""


def similar_name(a: str, b: str) -> bool:
    """Whether names are the same without words that many hospitals share.

    Example:
        >>> similar_name("University of Ulm", "Ulm Medical Center"), similar_name("Ulm", "Bonn")
        (True, False)
    """
    one, other = set(words(a)) - GENERIC, set(words(b)) - GENERIC
    return bool(one) and one == other


def words(name: str) -> tuple[str, ...]:
    """Words and numbers, without case, accents and leading zeros.

    Example:
        >>> words("Hôpital St. Anne, site 02")
        ('hopital', 'st', 'anne', 'site', '2')
    """
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return tuple(w.lstrip("0") or "0" for w in re.findall(r"[^\W\d_]+|\d+", plain))


def _finding(roster: Roster, a: Center, b: Center, severity: str, why: str) -> Finding:
    sure = severity == "error"
    elsewhere = tuple(p for p in roster.of("external") if roster.centers[p] == b)
    verb = "is" if sure else "may be"
    return Finding(
        severity="error" if sure else "warning",
        message=(
            f"{a} (internal) and {b} (external) {why}: the external test {verb} no test on "
            "another hospital. Give both one centre in manifest.csv (a site code is not a "
            "hospital), or put both on one side"
        ),
        patients=elsewhere,
        subject=f"{a} and {b}",
    )
