"""Fill in a row: the value, its interval, or why there is none."""

from dataclasses import replace

from fusion.errors import UndefinedMetric
from fusion.report.measure import Measure
from fusion.report.metric_row import MetricRow
from fusion.report.scores import Scores
from fusion.statistics.bootstrap import bootstrap, paired_bootstrap

_NOBODY = "no patient with both a label and a prediction"


def estimate(
    blank: MetricRow, measure: Measure, scores: Scores, *, draws: int, seed: int
) -> MetricRow:
    """A metric of one model."""
    if len(scores) == 0:
        return replace(blank, reason=_NOBODY)
    row = blank
    try:
        arrays = measure.arrays(scores)
        row = replace(row, value=float(measure.statistic(*arrays)))
        if not measure.interval:
            return row
        found = bootstrap(measure.statistic, arrays, draws=draws, seed=seed)
    except UndefinedMetric as error:
        return replace(row, reason=str(error))
    return replace(row, low=found.low, high=found.high, undefined=found.undefined)


def estimate_difference(
    blank: MetricRow, measure: Measure, ours: Scores, theirs: Scores, *, draws: int, seed: int
) -> MetricRow:
    """A metric of one model minus that of another, row i of both being the same patient."""
    if len(ours) == 0:
        return replace(blank, reason=f"{_NOBODY} of both models")
    row = blank
    try:
        a, b = measure.arrays(ours), measure.arrays(theirs)
        row = replace(row, value=float(measure.statistic(*a) - measure.statistic(*b)))
        found = paired_bootstrap(measure.statistic, a, b, draws=draws, seed=seed)
    except UndefinedMetric as error:
        return replace(row, reason=str(error))
    return replace(row, low=found.low, high=found.high, p=found.p, undefined=found.undefined)
