"""Lesions found against false marks per scan, over all thresholds: FROC."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from fusion.errors import UndefinedMetric

RATES = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""False marks per scan at which sensitivity is averaged (CAMELYON16, LUNA16)."""


@dataclass(frozen=True)
class Scan:
    """Marks of one scan.

    Raises:
        ValueError: where a mark hits a lesion that is not there.
    """

    scores: Sequence[float]
    """Of each mark; higher is surer."""
    hits: Sequence[int | None]
    """Which lesion each mark is on, from 0 on; None for a false one."""
    lesions: int

    def __post_init__(self) -> None:
        if len(self.scores) != len(self.hits):
            raise ValueError(f"{len(self.scores)} scores for {len(self.hits)} marks")
        if any(hit is not None and not 0 <= hit < self.lesions for hit in self.hits):
            raise ValueError(f"a mark hits a lesion that is none of {self.lesions}")


@dataclass(frozen=True)
class Froc:
    """From the highest threshold to the lowest, each point counting all marks at or above it."""

    thresholds: Float[np.ndarray, " points"]
    false_per_scan: Float[np.ndarray, " points"]
    sensitivity: Float[np.ndarray, " points"]

    def sensitivity_at(self, rate: float) -> float:
        """At so many false marks per scan at most; 0 where every threshold gives more."""
        allowed = self.sensitivity[self.false_per_scan <= rate]
        return float(allowed.max()) if len(allowed) else 0.0

    @property
    def score(self) -> float:
        """Mean sensitivity at 1/4, 1/2, 1, 2, 4 and 8 false marks per scan: CPM."""
        return float(np.mean([self.sensitivity_at(rate) for rate in RATES]))


def froc(scans: Sequence[Scan]) -> Froc:
    """The curve of all scans. Of several marks on one lesion only the surest counts.

    A step function, without interpolation: a rate that no threshold gives was not reached. All
    marks count; MONAI 1.6 leaves those with the lowest score out.

    Raises:
        UndefinedMetric: where no scan has a lesion.

    Source: Bunch et al. 1978; the mean over rates as in van Ginneken et al. 2010.

    Example:
        >>> scans = [Scan([0.9, 0.8, 0.3], [0, None, 1], 2), Scan([0.5], [None], 0)]
        >>> curve = froc(scans)
        >>> curve.false_per_scan.tolist(), curve.sensitivity.tolist()
        ([0.0, 0.5, 1.0, 1.0], [0.5, 0.5, 0.5, 1.0])
    """
    lesions = sum(scan.lesions for scan in scans)
    if not lesions:
        raise UndefinedMetric("FROC needs a lesion in one scan or more; there is none")
    surest: dict[tuple[int, int], float] = {}
    false: list[float] = []
    for number, scan in enumerate(scans):
        for score, hit in zip(scan.scores, scan.hits, strict=True):
            if hit is None:
                false.append(score)
            else:
                surest[number, hit] = max(score, surest.get((number, hit), -np.inf))
    true = np.sort(np.array([*surest.values()], dtype=np.float64))
    wrong = np.sort(np.array(false, dtype=np.float64))
    thresholds = np.unique(np.concatenate([true, wrong]))[::-1]
    return Froc(
        thresholds,
        (len(wrong) - np.searchsorted(wrong, thresholds)) / len(scans),
        (len(true) - np.searchsorted(true, thresholds)) / lesions,
    )
