"""Which external centre brings the very inputs of an internal one, unlike all others?"""

from collections import Counter
from collections.abc import Mapping
from itertools import combinations

import numpy as np

from fusion.audit.distance import standardised
from fusion.audit.look import Look
from fusion.audit.roster import Roster
from fusion.errors import UndefinedMetric
from fusion.statistics.mmd import mmd
from fusion.types import Center

FEWEST = 10
"""Patients of a centre with the modality."""

LARGEST = 12
"""Centres that are compared, each with each."""

APART = 0.01
"""p below which two centres are told apart."""

ALIKE = 0.2
"""p above which they are not."""

PERMUTATIONS = 299
"""For each p: enough to fall below `APART`."""


def alike_centers(
    looks: Mapping[str, Look], roster: Roster, *, seed: int
) -> list[tuple[Center, Center, str]]:
    """Pairs (internal, external) that cannot be told apart where each is told from all others.

    A hint, no proof: it speaks only where every other pair is told apart, so that centres without
    any difference, and small ones, give none.

    Args:
        looks: modality -> what was seen of it.
        roster: who is from where, in which part.
        seed: of the permutations.
    """
    inside, outside = roster.centers_of("train", "val", "test"), roster.centers_of("external")
    for_pair: dict[tuple[Center, Center], list[str]] = {}
    against: set[tuple[Center, Center]] = set()
    for name, seen in sorted(looks.items()):
        p = _p_values(seen, roster, seed)
        centers = sorted({c for pair in p for c in pair})
        for a, b in ((a, b) for a in inside for b in outside if a != b):
            if a not in centers or b not in centers or len(centers) < 4:
                continue
            others = [c for c in centers if c not in (a, b)]
            apart = all(p[_pair(x, c)] <= APART for c in others for x in (a, b))
            if p[_pair(a, b)] <= APART:
                against.add((a, b))
            elif apart and p[_pair(a, b)] >= ALIKE:
                for_pair.setdefault((a, b), []).append(name)
    return [
        (a, b, f"bring {' and '.join(names)} that cannot be told apart, unlike all other centres")
        for (a, b), names in for_pair.items()
        if (a, b) not in against
    ]


def _p_values(seen: Look, roster: Roster, seed: int) -> dict[tuple[Center, Center], float]:
    center = np.array([roster.centers[p] for p in seen.patients])
    large = [c for c, n in Counter(center.tolist()).most_common(LARGEST) if n >= FEWEST]
    if len(large) < 2:
        return {}
    x = standardised(seen.features, seen.features)
    found = {}
    for a, b in combinations(sorted(large), 2):
        try:
            p = mmd(x[center == a], x[center == b], permutations=PERMUTATIONS, seed=seed).p
        except UndefinedMetric:  # everybody is alike: nothing is told apart
            p = 1.0
        found[a, b] = p
    return found


def _pair(a: Center, b: Center) -> tuple[Center, Center]:
    return (a, b) if a < b else (b, a)
