"""Which test a difference gets: one rule, declared before anybody sees a number.

- Several folds that test different patients: the corrected resampled t-test over folds.
- One division, AUC of two classes: DeLong.
- One division, any other metric: paired bootstrap over patients.
- The same patients tested by the models of several folds (external centres): paired bootstrap in
  which patients and folds are both drawn.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from fusion.compare.pairs import FoldPair, Pairs
from fusion.errors import UndefinedMetric
from fusion.report.measure import Measure
from fusion.report.outcome import is_binary
from fusion.statistics.auc_contrast import auc_contrast
from fusion.statistics.bootstrap import percentiles, two_sided
from fusion.statistics.draws import Arrays
from fusion.statistics.fold_bootstrap import drawn_folds, fold_draws, fold_mean
from fusion.statistics.nadeau_bengio import corrected_t

CORRECTED_T = "corrected t over folds"
DELONG = "DeLong"
PATIENTS = "bootstrap over patients"
BOTH = "bootstrap over patients and folds"

Ends = tuple[float, float]


@dataclass(frozen=True)
class Settings:
    """Of all tests."""

    draws: int
    seed: int
    share: float
    """Patients tested over patients trained on, in a fold."""


@dataclass(frozen=True)
class Tested:
    """A mean over folds, of a metric or of a difference."""

    value: float
    per_fold: Mapping[str, float]
    left_out: Mapping[str, str]
    """Fold -> why it has no value."""
    rule: str
    p: float | None
    """Two-sided, of no difference; None for a metric alone and where no test can be made."""
    interval: Callable[[float], Ends | None]
    """Level -> its ends; None where there is none."""
    why: str = ""
    """Why there is no test."""


def judge(measure: Measure, pairs: Pairs, settings: Settings) -> Tested:
    """Apply the rule.

    Raises:
        UndefinedMetric: where no fold has a value.
    """
    per_fold: dict[str, float] = {}
    left_out: dict[str, str] = {}
    for pair in pairs.folds:
        try:
            per_fold[pair.fold] = pair.difference(measure)
        except UndefinedMetric as error:
            left_out[pair.fold] = str(error)
    if not per_fold:
        raise UndefinedMetric(next(iter(left_out.values()), "no patient whom both predicted"))
    value = float(np.mean([*per_fold.values()]))
    compared = bool(pairs.folds[0].theirs)
    rule = which(pairs) if compared or len(pairs.folds) > 1 else PATIENTS
    p: float | None
    interval: Callable[[float], Ends | None]
    why = ""
    try:
        if rule == CORRECTED_T:
            p, interval = _over_folds(np.array([*per_fold.values()]), settings.share)
        elif rule == DELONG:
            p, interval = _delong(pairs.folds[0])
        else:
            count = len(pairs.folds)
            drawn = drawn_folds(count, settings.draws, settings.seed)
            weights = drawn.astype(float) if rule == BOTH else np.ones(count)
            means = resampled(measure, pairs, settings, weights)
            p, interval = two_sided(means), lambda level: percentiles(means, level)
    except UndefinedMetric as error:
        p, interval, why = None, _nothing, str(error)
        if compared and not any(per_fold.values()):
            p, interval = 1.0, lambda level: (0.0, 0.0)
    return Tested(value, per_fold, left_out, rule, p if compared else None, interval, why)


def which(pairs: Pairs) -> str:
    """The rule, which looks at the design and never at a result."""
    if len(pairs.folds) > 1:
        return BOTH if pairs.shared else CORRECTED_T
    return DELONG if is_binary(pairs.task) else PATIENTS


def resampled(
    measure: Measure,
    pairs: Pairs,
    settings: Settings,
    weights: Float[np.ndarray, " folds"] | Float[np.ndarray, "draws folds"],
) -> Float[np.ndarray, " draws"]:
    """The weighted mean over folds in every resample of the patients."""
    found: list[tuple[Arrays, Int[np.ndarray, " _"]]] = []
    columns: list[tuple[int, float]] = []  # of which fold, and with which sign and share
    for number, pair in enumerate(pairs.folds):
        for side, sign in ((pair.ours, 1.0), (pair.theirs, -1.0)):
            found += [(measure.arrays(one), pairs.rows(pair)) for one in side]
            columns += [(number, sign / len(side)) for _ in side]
    each = fold_draws(
        measure.statistic,
        found,
        patients=len(pairs.patients),
        draws=settings.draws,
        seed=settings.seed,
    )
    values = np.zeros((settings.draws, len(pairs.folds)))
    for column, (number, factor) in zip(each.T, columns, strict=True):
        values[:, number] += factor * column  # NaN stays: both sides must have a value
    return fold_mean(values, np.broadcast_to(weights, values.shape))


def _over_folds(
    differences: Float[np.ndarray, " folds"], share: float
) -> tuple[float, Callable[[float], Ends]]:
    found = corrected_t(differences, test_share=share)

    def interval(level: float) -> Ends:
        at = corrected_t(differences, test_share=share, level=level)
        return at.low, at.high

    return found.p, interval


def _delong(pair: FoldPair) -> tuple[float, Callable[[float], Ends]]:
    scores = np.stack([s.values[:, 1] for s in (*pair.ours, *pair.theirs)])
    target = pair.ours[0].target == 1
    ours, theirs = len(pair.ours), len(pair.theirs)
    weights = np.concatenate([np.full(ours, 1 / ours), np.full(theirs, -1 / theirs)])

    def interval(level: float) -> Ends:
        at = auc_contrast(scores, weights, target, level=level)
        return at.low, at.high

    return auc_contrast(scores, weights, target).p, interval


def _nothing(level: float) -> Ends | None:
    return None
