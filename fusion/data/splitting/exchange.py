"""Exchanging patients between parts until no exchange balances the labels better."""

from itertools import combinations

import numpy as np
from jaxtyping import Bool, Int


def exchange(
    labels: Bool[np.ndarray, "patients labels"],
    parts: Int[np.ndarray, " patients"],
    rng: np.random.Generator,
) -> Int[np.ndarray, " patients"]:
    """Swap pairs of patients while that lowers the squared deviation from even labels.

    The sizes of the parts stay, and no part loses the last patient of a label. Patients with the
    same labels are alike, so that patterns of labels are compared, not patients.

    Example:
        >>> labels = np.array([[1], [1], [0], [0]], dtype=bool)
        >>> parts = exchange(labels, np.array([0, 0, 1, 1]), np.random.default_rng(0))
        >>> sorted(parts[:2].tolist())
        [0, 1]
    """
    if not labels.any():
        return parts
    parts = parts.copy()
    patterns, pattern_of = np.unique(labels, axis=0, return_inverse=True)
    pattern_of = pattern_of.reshape(-1)
    share = np.bincount(parts) / len(parts)
    improved = True
    while improved:
        improved = False
        for a, b in combinations(np.flatnonzero(share).tolist(), 2):
            here, there = (np.unique(pattern_of[parts == part]) for part in (a, b))
            pair = _best(labels, parts, share, (a, b), (patterns[here], patterns[there]))
            if pair is not None:
                for origin, goal, pattern in ((a, b, here[pair[0]]), (b, a, there[pair[1]])):
                    alike = np.flatnonzero((parts == origin) & (pattern_of == pattern))
                    parts[rng.choice(alike)] = -1 - goal
                parts = np.where(parts < 0, -1 - parts, parts)
                improved = True
    return parts


def _best(
    labels: np.ndarray,
    parts: np.ndarray,
    share: np.ndarray,
    pair: tuple[int, int],
    patterns: tuple[np.ndarray, np.ndarray],
) -> tuple[int, int] | None:
    """The pattern of each of two parts whose exchange gains most, or nothing if none gains."""
    a, b = pair
    count_a, count_b = labels[parts == a].sum(axis=0), labels[parts == b].sum(axis=0)
    total = labels.sum(axis=0)
    lean = (count_b - share[b] * total) - (count_a - share[a] * total)
    mine, theirs = (x.astype(float) for x in patterns)
    # |r_a - d|^2 + |r_b + d|^2 - |r_a|^2 - |r_b|^2 with d = mine - theirs, halved
    change = (mine @ lean + mine.sum(axis=1))[:, None] + (theirs.sum(axis=1) - theirs @ lean)
    change = change - 2 * mine @ theirs.T
    loses = (mine * (count_a == 1)) @ (1 - theirs).T + (1 - mine) @ (theirs * (count_b == 1)).T
    change = np.where(loses > 0, np.inf, change)
    best = np.unravel_index(change.argmin(), change.shape)
    return (int(best[0]), int(best[1])) if change[best] < -1e-9 else None
