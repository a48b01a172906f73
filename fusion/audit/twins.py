"""Is any patient here twice? The same image, slide or row of numbers under two ids."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from itertools import combinations

import pandas as pd

from fusion.audit.check import Check, Finding
from fusion.audit.look import Look
from fusion.audit.near import near_pairs
from fusion.audit.roster import Roster
from fusion.types import PatientId

SHARED = 0.1
"""Share of the smaller input's pieces that two patients must have in common."""

COMMON = 50
"""A piece that more patients have is nobody's: a blank tile."""

SHOWN = 20
"""Pairs that get a finding of their own."""

Pair = tuple[PatientId, PatientId]


def same_input(
    roster: Roster, looks: Mapping[str, Look], tables: Mapping[str, pd.DataFrame]
) -> Check:
    """Compare every patient with every other, in each modality.

    Args:
        roster: who is in which part.
        looks: modality -> what was seen of it.
        tables: modality -> its numbers as measured, of all patients (those in no part are passed
            over), so that a missing value is not taken for an equal one.
    """
    alike: dict[Pair, dict[str, str]] = defaultdict(dict)
    for name, seen in sorted(looks.items()):
        for pair, share in shared_pieces(seen).items() if seen.telling else ():
            part = "" if share > 0.99 else f" in part ({100 * share:.0f} %)"
            alike[pair][name] = f"the same {name}{part}"
        rows = tables[name] if name in tables else pd.DataFrame(seen.features, index=seen.patients)
        rows = rows.loc[[p for p in rows.index if p in roster.parts]]
        for i, j, share in near_pairs(rows.to_numpy(dtype=float)):
            pair = ordered(rows.index[i], rows.index[j])
            agree = f"{100 * share:.0f} % of its numbers agree"
            alike[pair].setdefault(name, f"nearly the same {name} ({agree})")
    findings = [_finding(roster, pair, how) for pair, how in sorted(alike.items())]
    findings.sort(key=lambda finding: finding.severity)  # errors come first
    return Check(
        name="same input twice",
        question="Do two patients bring the same image, slide or row of numbers?",
        findings=(*findings[:SHOWN], *_rest(findings[SHOWN:])),
    )


def shared_pieces(seen: Look) -> dict[Pair, float]:
    """Pairs of patients with pieces in common, and the share of the smaller input."""
    holders: dict[str, list[int]] = defaultdict(list)
    for i, pieces in enumerate(seen.pieces):
        for piece in pieces:
            holders[piece].append(i)
    count = Counter(
        pair for who in holders.values() if 2 <= len(who) <= COMMON for pair in combinations(who, 2)
    )
    found = {}
    for (i, j), number in count.items():
        share = number / min(len(seen.pieces[i]), len(seen.pieces[j]))
        if share >= SHARED:
            found[ordered(seen.patients[i], seen.patients[j])] = share
    return found


def ordered(a: PatientId, b: PatientId) -> Pair:
    """A pair is the same either way."""
    return (a, b) if a < b else (b, a)


def _finding(roster: Roster, pair: Pair, how: Mapping[str, str]) -> Finding:
    a, b = pair
    what = " and ".join(how.values())
    return Finding(
        severity=roster.severity(a, b),
        message=(
            f"{roster.named(a)} and {roster.named(b)} have {what}: one patient under two ids, or a "
            "file copied to the wrong patient. Find out which, and keep one of the two"
        ),
        patients=pair,
        subject=f"{a} and {b}",
    )


def _rest(findings: list[Finding]) -> tuple[Finding, ...]:
    if not findings:
        return ()
    return (
        Finding(
            severity=min(f.severity for f in findings),
            message=f"and {len(findings)} more pairs of patients have the same inputs",
            patients=tuple(sorted({p for f in findings for p in f.patients})),
            subject="others",
        ),
    )
