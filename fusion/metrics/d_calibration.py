"""Does the event come when the predicted curves say, over the whole of them?"""

import numpy as np
from jaxtyping import Bool, Float
from scipy.stats import chi2

from fusion.metrics.check import finite

BINS = 10
"""Of the predicted survival, equally wide, as published."""


def d_calibration(
    survival: Float[np.ndarray, " n"], event: Bool[np.ndarray, " n"], bins: int = BINS
) -> float:
    """How likely such shares are where predicted survival at own times is uniform: a p-value.

    A model that is right everywhere gives a tenth of the patients an event while their curve
    falls from 1 to 0.9, a tenth while it falls from 0.9 to 0.8, and so on. A small p speaks
    against the curves; a large one is no proof, and the fewer events, the less it says.

    Args:
        survival: predicted for each patient at his own time: to the event, or when last seen.
        event: True where the event was seen; the others are spread over what lies below.
        bins: equally wide.

    Raises:
        UndefinedMetric: without patients.

    Source: Haider, Hoehn, Davis and Greiner, JMLR 2020.

    Example:
        >>> survival = (np.arange(100) + 0.5) / 100
        >>> d_calibration(survival, np.ones(100, dtype=bool))
        1.0
    """
    share = d_shares(survival, event, bins)
    statistic = len(survival) * bins * ((share - 1 / bins) ** 2).sum()
    return float(chi2.sf(statistic, bins - 1))


def d_shares(
    survival: Float[np.ndarray, " n"], event: Bool[np.ndarray, " n"], bins: int = BINS
) -> Float[np.ndarray, " bins"]:
    """Share of patients by predicted survival at the time of their event, from 0 up.

    Whoever was censored at a predicted survival of s has the event somewhere below: in each bin
    with the probability that its part below s has among all below s.

    Raises:
        UndefinedMetric: without patients.
        ValueError: for a survival outside 0 to 1.

    Example:
        >>> d_shares(np.array([0.95, 0.5]), np.array([True, False]), bins=2).tolist()
        [0.5, 0.5]
    """
    survival = finite("survival", survival)
    if survival.min() < 0 or survival.max() > 1:
        raise ValueError(f"survival from {survival.min()} to {survival.max()}, expected 0 to 1")
    edges = np.arange(bins + 1) / bins
    own = np.minimum((survival * bins).astype(int), bins - 1)
    counts = np.bincount(own[event], minlength=bins).astype(float)
    last = survival[~event]
    below = np.clip(last[:, None] - edges[:-1], 0.0, 1 / bins)
    nothing = last == 0  # the curve has ended: the event is in the lowest bin
    below[nothing, 0] = 1.0
    counts += (below / np.where(nothing, 1.0, last)[:, None]).sum(axis=0)
    return counts / len(survival)


def at_own_time(
    survival: Float[np.ndarray, "n days"],
    time_days: Float[np.ndarray, " n"],
    event: Bool[np.ndarray, " n"],
    days: Float[np.ndarray, " days"],
) -> tuple[Float[np.ndarray, " n"], Bool[np.ndarray, " n"]]:
    """Survival where each patient's time stands on his curve, and whether the event was by then.

    Between days the curve is a straight line, from 1 at day 0. Whoever had the event, or was
    seen, after the last day was event-free on it: there his observation ends.

    Example:
        >>> curve, day = np.array([[0.8, 0.4], [0.8, 0.4]]), np.array([10.0, 20.0])
        >>> at_own_time(curve, np.array([15.0, 99.0]), np.array([True, True]), day)
        (array([0.6, 0.4]), array([ True, False]))
    """
    until = np.minimum(time_days, days[-1])
    whole = np.concatenate([np.ones((len(survival), 1)), survival], axis=1)
    grid = np.concatenate([[0.0], days])
    after = np.clip(np.searchsorted(grid, until, side="left"), 1, len(days))
    row = np.arange(len(survival))
    passed = (until - grid[after - 1]) / (grid[after] - grid[after - 1])
    found = whole[row, after - 1] + passed * (whole[row, after] - whole[row, after - 1])
    return np.clip(found, 0.0, 1.0), event & (time_days <= days[-1])
