"""How well a plain classifier tells groups of patients apart: a two-sample test by prediction."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped
from scipy.special import expit, logit
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from fusion.errors import UndefinedMetric
from fusion.metrics.check import finite
from fusion.statistics.estimate import quantile
from fusion.statistics.placements import placements

COMPONENTS = 50
"""More features than these are reduced to so many principal components, inside each fold."""

INVERSE_RIDGE = 0.1
"""`C` of the logistic regression: a heavy penalty, since patients are few."""


@dataclass(frozen=True)
class C2st:
    """0.5: the groups cannot be told from the features; 1: always."""

    auc: float
    """One group against the rest, averaged with equal weight over groups."""
    low: float
    high: float
    n: int
    """Patients of the groups that were told apart."""
    by_group: Mapping[str, float]
    """AUC of each group against the rest, by name."""
    left_out: tuple[str, ...]
    """Groups of fewer patients than folds."""

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups that were told apart, sorted."""
        return tuple(self.by_group)


def c2st(
    features: Float[np.ndarray, "n d"],
    group: Shaped[np.ndarray, " n"],
    *,
    folds: int = 5,
    seed: int,
    level: float = 0.95,
) -> C2st:
    """Classifier two-sample test: cross-validated AUC of a penalised logistic regression.

    Features are standardised (and reduced, where there are many) on the other folds. A patient is
    compared with patients of the same fold only, because scores of two models have no common
    scale; placements are then averaged over all patients. The interval is normal on the logit
    scale, from the placements' variance as in DeLong, times 1 + k/(k - 1) for k folds: the folds
    share their training patients, so that each pair of patients counts twice. Without this, an
    interval of 95 % covers 0.5 in some 84 % of samples in which there is nothing to tell.

    Args:
        features: one row per patient, finite.
        group: of each patient, for example the centre.
        folds: of the cross-validation, stratified by group.
        seed: of the folds.
        level: of the interval.

    Raises:
        UndefinedMetric: where fewer than two groups have as many patients as folds, or no feature
            varies.
        ValueError: where lengths differ, a feature is not finite, or folds are below 2.

    Source: Lopez-Paz and Oquab 2017; Nadeau and Bengio 2003 (the correction); LeDell et al. 2015
        (placements within folds).

    Example:
        >>> random = np.random.default_rng(0)
        >>> center = np.repeat(["A", "B"], 60)
        >>> alike = random.normal(size=(120, 3))
        >>> found = c2st(alike, center, seed=0)
        >>> found.low < 0.5 < found.high, found.groups
        (True, ('A', 'B'))
        >>> c2st(alike + 2.0 * (center == "A")[:, None], center, seed=0).auc > 0.95
        True
    """
    x = finite("features", features)
    if len(x) != len(group) or folds < 2:
        raise ValueError(
            f"{len(x)} rows of features, {len(group)} groups, {folds} folds: expected a group for "
            "each row, and 2 folds or more"
        )
    names, counts = np.unique(group.astype(str), return_counts=True)
    kept = names[counts >= folds]
    few = tuple(map(str, names[counts < folds]))
    if len(kept) < 2:
        raise UndefinedMetric(
            f"telling groups apart takes two of {folds} patients or more, found {len(kept)}"
            f"{f' (too small: {len(few)} others)' if few else ''}"
        )
    chosen = np.isin(group.astype(str), kept)
    x, who = x[chosen], np.searchsorted(kept, group.astype(str)[chosen])
    if not (x.max(axis=0) > x.min(axis=0)).any():
        raise UndefinedMetric(f"no feature varies over {len(x)} patients: nothing to tell them by")
    member = who[:, None] == np.arange(len(kept))
    place = _out_of_fold(x, who, member, folds, seed)
    aucs = np.average(place, axis=0, weights=member)
    variance = _variance(place, member) * (1 + folds / (folds - 1))
    low, high = _interval(float(aucs.mean()), variance, int(member.sum(axis=0).min()), level)
    by_group = {str(name): float(value) for name, value in zip(kept, aucs, strict=True)}
    return C2st(float(aucs.mean()), low, high, len(x), by_group, few)


def _out_of_fold(
    x: Float[np.ndarray, "n d"],
    who: Int[np.ndarray, " n"],
    member: Bool[np.ndarray, "n groups"],
    folds: int,
    seed: int,
) -> Float[np.ndarray, "n groups"]:
    """Each patient's place among the patients of the fold, for each group against the rest."""
    place = np.empty(member.shape)
    plan = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for train, test in plan.split(x, who):
        score = _classifier(x[train]).fit(x[train], who[train]).predict_proba(x[test])
        for column in range(member.shape[1]):
            place[test, column] = placements(score[:, column], member[test, column])
    return place


def _classifier(x: Float[np.ndarray, "n d"]) -> Pipeline:
    steps: list[object] = [StandardScaler()]
    if x.shape[1] > COMPONENTS:
        most = min(COMPONENTS, len(x) - 1)
        steps.append(PCA(most, svd_solver="full"))
    # balanced: else a small group is never the likely one
    steps.append(LogisticRegression(C=INVERSE_RIDGE, class_weight="balanced", max_iter=5000))
    return make_pipeline(*steps)


def _variance(place: Float[np.ndarray, "n groups"], member: Bool[np.ndarray, "n groups"]) -> float:
    """Of the mean over groups of the mean placement, patients being independent."""
    influence = np.zeros(len(place))
    for column in range(member.shape[1]):
        for side in (member[:, column], ~member[:, column]):
            away = place[side, column] - place[side, column].mean()
            influence[side] += away / np.sqrt(side.sum() * (side.sum() - 1.0))
    return float(np.square(influence / member.shape[1]).sum())


def _interval(value: float, variance: float, smallest: int, level: float) -> tuple[float, float]:
    """Inside 0 to 1; at its limits, where nothing varies, that of so many of as many."""
    if variance <= 0 or not 0 < value < 1:
        exact = ((1 - level) / 2) ** (1 / smallest)  # Clopper and Pearson 1934
        return (exact, 1.0) if value > 0.5 else (0.0, 1 - exact)
    half = quantile(level) * float(np.sqrt(variance)) / (value * (1 - value))
    return float(expit(logit(value) - half)), float(expit(logit(value) + half))
