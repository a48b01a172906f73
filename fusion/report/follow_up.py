"""How long patients were followed."""

import numpy as np
from jaxtyping import Bool, Float
from lifelines import KaplanMeierFitter


def follow_up_quartiles(
    time_days: Float[np.ndarray, " n"], event: Bool[np.ndarray, " n"]
) -> Float[np.ndarray, " three"]:
    """Median, lower and upper quartile of the time under observation, by reverse Kaplan-Meier.

    A death ends the observation of a patient as a loss does in a survival curve: the mean of the
    times as they stand would call a cohort in which many die early one that was followed briefly.
    NaN where the curve does not come down so far, or nobody has a time.

    Source: Schemper and Smith 1996, A note on quantifying follow-up in studies of failure time.

    Example:
        >>> days = np.array([100.0, 200.0, 300.0, 400.0])
        >>> follow_up_quartiles(days, np.zeros(4, dtype=bool)).tolist()
        [200.0, 100.0, 300.0]
    """
    if len(time_days) == 0:
        return np.full(3, np.nan)
    curve = KaplanMeierFitter().fit(time_days, ~event).survival_function_.iloc[:, 0]
    # lifelines multiplies logarithms, and so misses 0.75 by a rounding error
    reached = [curve.index[curve <= left + 1e-9] for left in (0.5, 0.75, 0.25)]
    return np.array([float(days[0]) if len(days) else np.nan for days in reached])
