"""Which metrics can be had for many resamples at once.

A resample is a row of counts: how often each patient was drawn.
"""

from collections.abc import Callable, Mapping
from functools import partial

from fusion.metrics.accuracy import balanced_accuracy, quadratic_kappa
from fusion.metrics.auc import auc, macro_auc
from fusion.metrics.average_precision import average_precision
from fusion.metrics.brier import brier, brier_survival
from fusion.metrics.concordance import harrell_c
from fusion.metrics.dynamic_auc import dynamic_auc
from fusion.metrics.integrated_brier import integrated_brier
from fusion.metrics.uno import uno_c
from fusion.statistics.multiclass import hand_till
from fusion.statistics.resampled_agreement import (
    resampled_balanced_accuracy,
    resampled_quadratic_kappa,
)
from fusion.statistics.resampled_censored import resampled_dynamic_auc, resampled_uno_c
from fusion.statistics.resampled_loss import (
    resampled_brier,
    resampled_brier_survival,
    resampled_integrated_brier,
)
from fusion.statistics.resampled_ranking import (
    resampled_auc,
    resampled_average_precision,
    resampled_hand_till,
    resampled_harrell_c,
    resampled_macro_auc,
)
from fusion.statistics.resampled_values import Resampled

FAST: Mapping[Callable[..., float], Callable[..., Resampled]] = {
    auc: resampled_auc,
    macro_auc: resampled_macro_auc,
    hand_till: resampled_hand_till,
    average_precision: resampled_average_precision,
    harrell_c: resampled_harrell_c,
    balanced_accuracy: resampled_balanced_accuracy,
    quadratic_kappa: resampled_quadratic_kappa,
    brier: resampled_brier,
    brier_survival: resampled_brier_survival,
    integrated_brier: resampled_integrated_brier,
    uno_c: resampled_uno_c,
    dynamic_auc: resampled_dynamic_auc,
}
"""Metric -> what takes its arrays and then many resamples."""


def fast(statistic: Callable[..., float]) -> Callable[..., Resampled] | None:
    """The batched form of a metric, or of a `partial` of one with named arguments.

    Example:
        >>> fast(auc) is resampled_auc, fast(lambda x: 0.0)
        (True, None)
    """
    if isinstance(statistic, partial) and not statistic.args and statistic.func in FAST:
        return partial(FAST[statistic.func], **statistic.keywords)
    return FAST.get(statistic)
