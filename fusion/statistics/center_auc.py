"""The AUC of each centre with its standard error, and why a centre has none."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Shaped

from fusion.errors import UndefinedMetric
from fusion.statistics.delong import auc_logit, delong
from fusion.statistics.pool import Pooled, pool_logit


@dataclass(frozen=True)
class CenterAuc:
    """One centre; its AUC, or a C-index or a mean of AUCs (see `center_indices`)."""

    center: str
    n: int
    positives: int
    """Events for a C-index; patients of the rarest class for a mean of AUCs."""
    value: float | None = None
    se: float | None = None
    """DeLong's, or a jackknife's."""
    low: float | None = None
    """By the logit, at the level that was asked for."""
    high: float | None = None
    left_out: str = ""
    """Why it takes no part in the pooled value; empty where it does."""


def center_aucs(
    score: Float[np.ndarray, " n"],
    target: Bool[np.ndarray, " n"],
    center: Shaped[np.ndarray, " n"],
    *,
    minimum: int = 10,
    level: float = 0.95,
) -> list[CenterAuc]:
    """AUC by centre, in the order of names; no centre is dropped.

    A centre with fewer than `minimum` patients of either class, or with an AUC at its limit, is
    returned with the reason in `left_out`. Leaving out an AUC of 1 pulls the pooled value down;
    leaving out small centres need not.

    Args:
        score: larger means more likely positive.
        target: True for the positive class.
        center: of each patient.
        minimum: patients of each class.
        level: of the intervals.

    Raises:
        ValueError: where a score is not finite, lengths differ, or minimum is below 2.

    Source: DeLong et al. 1988; logit interval as in Pepe 2003.

    Example:
        >>> score = np.array([0.1, 0.6, 0.4, 0.9, 0.2, 0.3])
        >>> target = np.array([False, False, True, True, False, False])
        >>> center = np.array(["A", "A", "A", "A", "B", "B"])
        >>> a, b = center_aucs(score, target, center, minimum=2)
        >>> a.center, a.value, a.left_out
        ('A', 0.75, '')
        >>> b.left_out
        '0 positive and 2 negative patients, fewer than 2 of each'
    """
    if not len(score) == len(target) == len(center):
        raise ValueError(
            f"score, target and center have lengths {len(score)}, {len(target)} and {len(center)}, "
            f"expected one row per patient"
        )
    if minimum < 2:
        raise ValueError(f"minimum {minimum}: a standard error takes 2 patients of each class")
    names = np.unique(center)
    return [
        _one(str(name), score[center == name], target[center == name], minimum, level)
        for name in names
    ]


def pool_aucs(
    centers: Sequence[CenterAuc],
    *,
    heterogeneity: Literal["DL", "REML"] = "REML",
    interval: Literal["hartung-knapp", "wald"] = "hartung-knapp",
    level: float = 0.95,
) -> Pooled:
    """Pool the centres that can be, on the logit scale.

    Args:
        centers: from `center_aucs`.
        heterogeneity: as in `pool`.
        interval: as in `pool`.
        level: as in `pool`.

    Raises:
        UndefinedMetric: where fewer than two centres are left; names the others and their reasons.

    Source: Snell et al. 2018 (the logit); Debray et al. 2017 (pooling the performance of a model).

    Example:
        >>> generator = np.random.default_rng(0)
        >>> target = np.arange(90) % 2 == 0
        >>> score = generator.normal(size=90) + target
        >>> found = pool_aucs(center_aucs(score, target, np.repeat(["A", "B", "C"], 30)))
        >>> found.centers, 0.6 < found.value < 0.9
        (3, True)
    """
    kept = [c for c in centers if c.value is not None and c.se is not None and not c.left_out]
    if len(kept) < 2:
        others = "; ".join(f"{c.center}: {c.left_out}" for c in centers if c.left_out)
        raise UndefinedMetric(f"pooling needs two centres, {len(kept)} can be used ({others})")
    return pool_logit(
        np.array([c.value for c in kept], dtype=np.float64),
        np.array([c.se for c in kept], dtype=np.float64),
        heterogeneity=heterogeneity,
        interval=interval,
        level=level,
    )


def _one(
    name: str,
    score: Float[np.ndarray, " n"],
    target: Bool[np.ndarray, " n"],
    minimum: int,
    level: float,
) -> CenterAuc:
    positives = int(target.sum())
    negatives = len(target) - positives
    fewer = min(positives, negatives)
    few = f"{positives} positive and {negatives} negative patients, fewer than {minimum} of each"
    row = CenterAuc(name, len(target), positives, left_out=few if fewer < minimum else "")
    if fewer < 2:
        return row
    found = delong(score[None], target)
    value, se = float(found.auc[0]), float(np.sqrt(found.covariance[0, 0]))
    row = replace(row, value=value, se=se)
    if se == 0:
        return replace(row, left_out=row.left_out or f"AUC of {value:g} has a standard error of 0")
    inside = auc_logit(score, target, level=level)
    return replace(row, low=inside.low, high=inside.high)
